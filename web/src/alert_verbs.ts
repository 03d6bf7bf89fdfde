// What people say of alerts with one key.

import { post, type Alert, type Mute, type Status } from "./api";
import { h } from "./dom";
import { icon } from "./icons";

export interface Verb {
  key: string;
  picture: string;
  name: string;
  action: string;
  text: string;
  done: string;
}

export const VERBS: Verb[] = [
  { key: "a", picture: "check", name: "Acknowledge", action: "acknowledge", text: "", done: "acknowledged" },
  { key: "f", picture: "close", name: "False positive", action: "label", text: "false-positive", done: "labelled false-positive" },
  { key: "v", picture: "alert", name: "True positive", action: "label", text: "true-positive", done: "labelled true-positive" },
];

export interface AssignForm {
  form: HTMLFormElement;
  input: HTMLInputElement;
}

/** Asks who looks after alerts; the key o leads to it. */
export function assignForm({ role, needs_token, user }: Status, assign: (person: string) => void): AssignForm {
  const mayAct = role !== "viewer";
  const input = h("input", { type: "text", value: needs_token ? user : "", placeholder: "Who looks after it", "aria-label": "Who looks after it", disabled: !mayAct, spellcheck: "false" });
  const form = h(
    "form",
    { class: "toolbar assign" },
    input,
    h("button", { class: "button", title: "Assign (o)", disabled: !mayAct }, icon("person"), "Assign", h("kbd", {}, "o")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const person = input.value.trim();
    if (person === "") return input.focus();
    input.blur();
    assign(person);
  });
  return { form, input };
}

/** One mute for each series of the alerts: it says exactly what is not told. Their numbers. */
export async function muteSeries(alerts: Alert[], length: string): Promise<number[]> {
  const series = new Map<string, Alert>();
  for (const alert of alerts) series.set(JSON.stringify([alert.rule, alert.device, alert.metric]), alert);
  const made: number[] = [];
  for (const alert of series.values()) {
    const answer = await post<Mute>("mutes", { rule: alert.rule, device: alert.device ?? "", metric: alert.metric ?? "", for: length });
    made.push(answer.id);
  }
  return made;
}
