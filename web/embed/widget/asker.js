/** Asks the server: at a pause in typing, one question at a time, and hears no answer that is late. */

const PAUSE_MS = 200;
const WAITING_MS = 300;
const SLOW_MS = 4000;
const TIMEOUT_MS = 20000;

export class Asker {
  #tell;
  #askedAt = -PAUSE_MS;
  #pause;
  #current;

  /** `tell(event, value)` hears "waiting", "answered" and "failed". */
  constructor(tell) {
    this.#tell = tell;
  }

  /** Asks at once after a pause, else when one comes; `now` waits for none, false for one at least. */
  ask(url, now) {
    const since = performance.now() - this.#askedAt;
    this.#askedAt += since;
    const idle = since > PAUSE_MS && !this.#current;
    this.stop();
    if (now ?? idle) this.#send(url);
    else this.#pause = setTimeout(() => this.#send(url), PAUSE_MS);
  }

  /** Asks nothing more, and hears nothing of what was asked. */
  stop() {
    clearTimeout(this.#pause);
    this.#current?.abort();
    this.#current = undefined;
  }

  async #send(url) {
    this.stop();
    const mine = (this.#current = new AbortController());
    const timers = [
      setTimeout(() => this.#tell("waiting", "waiting"), WAITING_MS),
      setTimeout(() => this.#tell("waiting", "slow"), SLOW_MS),
      setTimeout(() => mine.abort(), TIMEOUT_MS),
    ];
    let event = "failed";
    let value;
    try {
      const response = await fetch(url, { signal: mine.signal, credentials: "omit" });
      if (response.ok) {
        value = await response.json();
        event = "answered";
      } else value = problem(response);
    } catch {
      value = { text: navigator.onLine ? "unreachable" : "offline", retry: true };
    }
    value.site = url.host;
    timers.forEach(clearTimeout);
    if (mine !== this.#current) return;
    this.#current = undefined;
    this.#tell(event, value);
  }
}

/** What an answer that is none means to a person. */
function problem(response) {
  const { status } = response;
  // Who has to wait for longer than minutes has used up the day.
  if (status === 429 && response.headers.get("Retry-After") > 300) return { text: "quota" };
  if (status === 429 || status === 503) return { text: "busy", retry: true };
  if (status === 400) return { text: "refused" };
  return status < 500 ? { text: "closed" } : { text: "unreachable", retry: true };
}
