/** Reading a route into the state of a component. */
import { read } from "./api.js";
import { useCallback, useEffect, useRef, useState } from "./ui.js";

/**
 * What a route answers: `{data, error, loading, reload}`. While it is read again the last answer stays; the answer to
 * another question never does. An answer that comes after a later question is dropped.
 */
export function useRoute(path, query) {
  const question = JSON.stringify([path, query ?? {}]);
  const [state, setState] = useState(() => unanswered(question));
  const latest = useRef(0);
  const wanted = useRef(question);
  wanted.current = question;
  const reload = useCallback(async () => {
    if (wanted.current !== question) return;
    const number = ++latest.current;
    const then = (found) => number === latest.current && setState((before) => ({ ...before, ...found }));
    setState((before) => ({ ...(before.question === question ? before : unanswered(question)), loading: true }));
    try {
      const data = await read(...JSON.parse(question));
      then({ data, error: null, loading: false });
    } catch (error) {
      then({ error, loading: false });
    }
  }, [question]);
  useEffect(() => {
    reload();
    return () => {
      latest.current += 1;
    };
  }, [reload]);
  const { data, error, loading } = state.question === question ? state : unanswered(question);
  return { data, error, loading, reload };
}

const unanswered = (question) => ({ question, data: null, error: null, loading: true });
