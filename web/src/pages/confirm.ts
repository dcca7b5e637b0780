/** Asks once more before a form that ends something for somebody. */

export function askBefore(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-confirm]")) {
    form.addEventListener("submit", (event) => {
      if (!window.confirm(form.dataset["confirm"])) event.preventDefault();
    });
  }
}
