// What this browser keeps: `local` for good, `session` for this window. Where it keeps nothing (storage off or full), the
// page holds it until it is closed.

function keeper(storage) {
  const memory = new Map();
  return {
    get(name) {
      try {
        return storage().getItem(name) ?? memory.get(name) ?? null;
      } catch {
        return memory.get(name) ?? null;
      }
    },
    // False where the browser did not take it.
    set(name, value) {
      memory.set(name, value);
      try {
        storage().setItem(name, value);
        return true;
      } catch {
        return false;
      }
    },
    remove(name) {
      memory.delete(name);
      try {
        storage().removeItem(name);
      } catch {
        // then there was nothing
      }
    },
  };
}

export const local = keeper(() => localStorage);
export const session = keeper(() => sessionStorage);
