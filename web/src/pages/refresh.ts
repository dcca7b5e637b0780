/**
 * Keeps the elements with `data-refresh` (an address) and an id as the server sees them now, every `data-refresh-s` seconds.
 * The browser's own parser reads the page (XMLHttpRequest with a document), so no text becomes markup in a script. Nothing is
 * replaced while somebody works in it.
 */

export function keepFresh(root: ParentNode, renewed: (part: HTMLElement) => void): void {
  for (const part of root.querySelectorAll<HTMLElement>("[data-refresh]")) watch(part, renewed);
}

function watch(part: HTMLElement, renewed: (part: HTMLElement) => void): void {
  const seconds = Number(part.dataset["refreshS"] ?? "5");
  window.setTimeout(() => {
    if (document.hidden || part.contains(document.activeElement) || part.querySelector("details[open]") !== null) {
      watch(part, renewed);
      return;
    }
    load(part.dataset["refresh"] ?? location.pathname, (page) => {
      const fresh = page?.getElementById(part.id) ?? null;
      if (fresh === null || part.contains(document.activeElement)) {
        part.classList.toggle("old", page === null);
        watch(part, renewed);
        return;
      }
      const mine = document.adoptNode(fresh);
      part.replaceWith(mine);
      renewed(mine);
      watch(mine, renewed);
    });
  }, seconds * 1000);
}

function load(address: string, then: (page: Document | null) => void): void {
  const request = new XMLHttpRequest();
  request.responseType = "document";
  request.timeout = 5000;
  request.addEventListener("loadend", () => then(request.status === 200 ? request.responseXML : null));
  request.open("GET", address);
  request.send();
}
