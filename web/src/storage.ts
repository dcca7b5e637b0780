/**
 * What the browser keeps for this page: for its tab, so that a reload finds it again, or for good. A browser may refuse both
 * (blocked site data, a store that is full): then it lasts as long as the page, and nobody need ask. The one place that
 * touches the browser's stores.
 */
class Kept {
  /** What the browser would not take, by key. */
  readonly #refused = new Map<string, string>();

  constructor(private readonly store: () => Storage) {}

  get(key: string): string | null {
    const refused = this.#refused.get(key);
    return refused ?? this.#try((store) => store.getItem(key)) ?? null;
  }

  set(key: string, value: string): void {
    const taken = this.#try((store) => {
      store.setItem(key, value);
      return true;
    });
    if (taken) {
      this.#refused.delete(key);
      return;
    }
    this.remove(key); // what stands there is older: it must not come back after a reload
    this.#refused.set(key, value);
  }

  remove(key: string): void {
    this.#refused.delete(key);
    this.#try((store) => store.removeItem(key));
  }

  takes(): boolean {
    return (
      this.#try((store) => {
        store.setItem("taken", "1");
        return store.getItem("taken") === "1";
      }) ?? false
    );
  }

  #try<T>(use: (store: Storage) => T): T | undefined {
    try {
      return use(this.store());
    } catch {
      return undefined; // merely to name `sessionStorage` raises where site data are blocked
    }
  }
}

export const inThisTab = new Kept(() => sessionStorage);
export const forGood = new Kept(() => localStorage);

/** Whether the browser keeps anything over a reload. */
export function kept(): boolean {
  return inThisTab.takes();
}
