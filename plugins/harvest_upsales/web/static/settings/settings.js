/** The settings: a form, what a change would do, and saving. */
import { read, write } from "../api.js";
import {
  Box,
  Button,
  Flex,
  Notice,
  Panel,
  Skeleton,
  Text,
  h,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "../ui.js";
import { useRoute } from "../use_route.js";
import { Field } from "./field.js";
import { doubled, fromForm, sections, toForm } from "./form_values.js";
import { PlanResult, usePlan } from "./plan.js";
import { Problem, Replace, Stale, Unknown } from "./saved.js";

export function Settings({ dagId, onSaved }) {
  const { data, error, reload } = useRoute("settings", { dag_id: dagId });
  const choices = useRoute("choices", { dag_id: dagId });
  const [savedDigest, setSaved] = useState(null);
  if (!data && error) {
    return h(
      Notice,
      { status: "error", role: "alert", title: "The settings can't be read" },
      h(Text, { mb: 2 }, error.message),
      h(Button, { size: "sm", variant: "outline", onClick: reload }, "Try again"),
    );
  }
  if (!data) return h(Skeleton, { height: "320px", "aria-label": "Loading the settings" });
  const saved = (digest) => {
    setSaved(digest);
    reload();
    onSaved();
  };
  // What is saved is the form's key: a form begins again with what somebody else saved.
  const isSaved = data.digest === savedDigest;
  return h(Form, { key: data.digest, settings: data, isSaved, choices, dagId, onSaved: saved, onReload: reload });
}

function Form({ settings, isSaved, choices, dagId, onSaved, onReload }) {
  const start = useMemo(() => toForm(settings.fields, settings.values), [settings]);
  const [entered, setEntered] = useState(start);
  const [errors, setErrors] = useState([]);
  const [refusal, setRefusal] = useState(null);
  /** The question that stands before saving: `replace` or `plan`. */
  const [asks, setAsks] = useState(null);
  const [removed, setRemoved] = useState([]);
  const [isStale, setIsStale] = useState(false);
  const [saving, setSaving] = useState(false);
  const plan = usePlan(dagId);
  const unknown = settings.unknown_keys.filter((key) => !removed.includes(key));
  const values = fromForm(settings.fields, entered, settings.values);
  const text = JSON.stringify(values);
  const changed = JSON.stringify(entered) !== JSON.stringify(start) || removed.length > 0;
  const planned = plan.of === text && plan.result && plan.result.state !== "running";
  const form = useRef(null);
  useEffect(() => {
    if (errors.length) form.current?.querySelector("[aria-invalid=true]")?.focus();
  }, [errors]);

  const change = (key, value) => {
    setEntered((before) => ({ ...before, [key]: value }));
    setErrors((before) => before.filter((error) => error.key !== key));
    setAsks(null);
  };
  /** A refusal, or the news that the settings are others by now. */
  const refused = async (error) => {
    if (error.status === 409) {
      const now = await read("settings", { dag_id: dagId }).catch(() => settings);
      if (now.digest !== settings.digest) {
        setIsStale(true);
        return;
      }
    }
    setErrors(error.errors ?? []);
    setRefusal(error);
  };
  /** Ask the server first; its messages stand at their fields. */
  const checked = async (then) => {
    setRefusal(null);
    const own = doubled(settings.fields, entered);
    setErrors(own);
    if (own.length) return;
    setSaving(true);
    try {
      const verdict = await write("POST", "settings/check", { values }, { dag_id: dagId });
      setErrors(verdict.errors);
      if (verdict.ok) await then();
    } catch (error) {
      await refused(error);
    } finally {
      setSaving(false);
    }
  };
  const show = () => checked(() => plan.start({ values, digest: settings.digest }, text));
  const save = () =>
    checked(async () => {
      const verdict = await write("PUT", "settings", { values, digest: settings.digest }, { dag_id: dagId });
      onSaved(verdict.digest);
    });
  const saveOrAsk = () => {
    setAsks(planned ? null : "plan");
    if (planned) save();
  };
  const trySave = () => (settings.raw !== null ? setAsks("replace") : saveOrAsk());
  const keep = () => setAsks(null);
  const remove = (key) => {
    setRemoved((before) => [...before, key]);
    setErrors([]);
    setRefusal(null);
  };

  return h(
    Flex,
    {
      as: "form",
      ref: form,
      direction: "column",
      gap: 3,
      noValidate: true,
      "aria-label": "Settings",
      onSubmit: (event) => {
        event.preventDefault();
        show();
      },
    },
    h(Hints, { settings, choices }),
    h(Unknown, { keys: unknown, onRemove: settings.can_edit && remove }),
    sections(settings.fields).map(([title, fields]) =>
      h(
        Panel,
        { key: title, title },
        h(
          Box,
          {
            display: "grid",
            gap: 5,
            gridTemplateColumns: "repeat(auto-fill, minmax(min(100%, 19rem), 1fr))",
            alignItems: "start",
          },
          fields.map((field) =>
            h(Field, {
              key: field.key,
              field,
              value: entered[field.key],
              onChange: (value) => change(field.key, value),
              choices: choices.data,
              error: errors.find((error) => error.key === field.key)?.message,
              disabled: !settings.can_edit,
            }),
          ),
        ),
      ),
    ),
    h(General, { errors, fields: settings.fields, refusal }),
    h(PlanResult, { plan, isOld: plan.of !== text }),
    isStale && h(Stale, { onReload }),
    asks === "replace" &&
      h(Replace, { variable: settings.variable, onReplace: saveOrAsk, onKeep: keep, busy: saving }),
    asks === "plan" && h(Question, { onPlan: show, onSave: save, busy: saving }),
    settings.can_edit &&
      h(
        Flex,
        {
          gap: 2,
          wrap: "wrap",
          align: "center",
          position: "sticky",
          bottom: "-0.75rem",
          bg: "bg",
          py: 3,
          borderTopWidth: "1px",
          zIndex: 1,
        },
        h(
          Button,
          {
            type: "submit",
            size: "sm",
            variant: planned ? "outline" : "solid",
            disabled: plan.busy,
            loading: saving,
          },
          "Show what changes",
        ),
        h(
          Button,
          {
            type: "button",
            size: "sm",
            variant: planned ? "solid" : "outline",
            disabled: !changed || saving || plan.busy,
            onClick: trySave,
          },
          "Save",
        ),
        changed &&
          h(
            Button,
            {
              type: "button",
              size: "sm",
              variant: "ghost",
              onClick: () => {
                setEntered(start);
                setRemoved([]);
                setErrors([]);
                setRefusal(null);
                setAsks(null);
              },
            },
            "Discard",
          ),
        h(
          Text,
          { textStyle: "sm", color: "fg.muted", role: "status" },
          changed ? "Not saved yet" : isSaved ? "Saved" : "Nothing to save",
        ),
      ),
  );
}

function Hints({ settings, choices }) {
  return h(
    Flex,
    { direction: "column", gap: 3, _empty: { display: "none" } },
    h(Problem, { settings }),
    (choices.error || choices.data?.problem) &&
      h(
        Notice,
        { status: "warning", title: "The lists from Upsales can't be read" },
        h(Text, { mb: 2 }, choices.error?.message ?? choices.data.problem, " You can still enter ids."),
        h(
          Button,
          {
            type: "button",
            size: "xs",
            variant: "outline",
            onClick: choices.reload,
            loading: choices.loading,
          },
          "Try again",
        ),
      ),
  );
}

/** What has no field of its own to stand at. */
function General({ errors, fields, refusal }) {
  const keys = new Set(fields.map((field) => field.key));
  const rest = errors.filter((error) => !keys.has(error.key)).map((error) => error.message);
  const at = errors.length - rest.length;
  if (at)
    rest.push(
      at === 1
        ? "One setting is not valid; see the message at its field."
        : `${at} settings are not valid; see the messages at their fields.`,
    );
  else if (refusal) rest.push(refusal.message);
  if (!rest.length) return null;
  return h(
    Notice,
    { status: "error", role: "alert", title: "Not accepted" },
    rest.map((line) => h(Text, { key: line }, line)),
  );
}

function Question({ onPlan, onSave, busy }) {
  return h(
    Notice,
    { status: "warning", role: "alert", title: "You have not seen yet what these settings would do" },
    h(
      Text,
      { mb: 2 },
      "A plan compares Harvest and Upsales with them, and writes nothing. It takes as long as a run.",
    ),
    h(
      Flex,
      { gap: 2, wrap: "wrap" },
      h(Button, { type: "button", size: "sm", onClick: onPlan, disabled: busy }, "Show what changes first"),
      h(
        Button,
        { type: "button", size: "sm", variant: "outline", onClick: onSave, disabled: busy },
        "Save without looking",
      ),
    ),
  );
}
