// What this browser keeps. Where it keeps nothing (storage off or full), the page holds it until it is closed.

const memory = new Map();

export function get(name) {
  try {
    return localStorage.getItem(name) ?? memory.get(name) ?? null;
  } catch {
    return memory.get(name) ?? null;
  }
}

// False where the browser did not take it.
export function set(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(name, value);
    return true;
  } catch {
    return false;
  }
}

export function remove(name) {
  memory.delete(name);
  try {
    localStorage.removeItem(name);
  } catch {
    // then there was nothing
  }
}
