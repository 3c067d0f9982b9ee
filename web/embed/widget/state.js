/**
 * What one widget knows, apart from how it is shown. Nothing here touches a page.
 *
 * query    what is written in the field
 * answer   the last answer, as the server gave it; null before the first
 * waiting  "" | "waiting" | "slow": how long the next one has been waited for
 * problem  null, or { text, retry }: the key of what to say, and whether trying again helps
 * open     whether the answers are shown
 * active   the answer that the arrow keys are at; -1 is the field
 */
export const START = { query: "", answer: null, waiting: "", problem: null, open: false, active: -1 };

/** The state after something happened. */
export function after(state, event, value) {
  const count = state.answer ? state.answer.hits.length : 0;
  switch (event) {
    case "typed":
      // What is short is not asked: nothing of what was shown before is an answer to it.
      return {
        ...(value[1] ? state : START),
        query: value,
        waiting: "",
        problem: null,
        open: !!value[1],
        active: -1,
      };
    case "waiting":
      return { ...state, waiting: value, problem: null };
    case "answered":
      return { ...state, answer: value, waiting: "", problem: null, active: -1 };
    case "failed":
      return { ...state, answer: null, waiting: "", problem: value, active: -1 };
    case "stepped":
      // The field is one of the places that the arrow keys go round.
      return { ...state, active: ((state.active + value + count + 2) % (count + 1)) - 1 };
    case "moved":
      return { ...state, active: value };
    case "opened":
      return { ...state, open: value, active: -1 };
  }
}

/** Whether there is something to show below the field. */
export function isShown(state) {
  return state.open && !!(state.answer || state.problem || state.waiting);
}
