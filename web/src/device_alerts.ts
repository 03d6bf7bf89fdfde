// The alerts of one device that are not over, and what can be said of them there.

import { alertLink, stageBadge } from "./alert_panel";
import { assignForm, muteSeries, VERBS } from "./alert_verbs";
import { get, post, type Alert, type AlertList } from "./api";
import { fill, h, setText } from "./dom";
import { count, dateTime, shortTime } from "./format";
import { icon } from "./icons";
import { messageOf, type Context } from "./page";
import { stateBadge } from "./parts";

const MUTE_FOR = "1h";
const MAX_ALERTS = 50;

export interface DeviceAlerts {
  root: HTMLElement;
  load: () => Promise<void>;
  /** True when the key was for an alert. */
  key: (key: string) => boolean;
}

export function deviceAlerts(context: Context, device: string): DeviceAlerts {
  const mayAct = context.status.role !== "viewer";
  const title = h("h2", {}, "Alerts");
  const note = h("span", { class: "muted push", role: "status" });
  const list = h("ol", { class: "feed-list" });
  const tools = h("div", { class: "toolbar verbs card-body" });
  const root = h("section", { class: "card feed", "aria-label": "Alerts of the device", hidden: true }, h("div", { class: "card-head" }, title, note), tools, list);
  let alerts: Alert[] = [];
  let picked = "";

  const target = (): Alert | null => alerts.find((alert) => alert.id === picked) ?? alerts[0] ?? null;
  const attempt = async (work: (alert: Alert) => Promise<string>): Promise<void> => {
    const alert = target();
    if (!alert) return;
    if (!mayAct) {
      setText(note, "your role may only look");
      return;
    }
    try {
      const said = await work(alert);
      await load();
      setText(note, said);
    } catch (error) {
      setText(note, messageOf(error));
    }
  };
  const verbs: [string, string, string, () => Promise<void>][] = [
    ...VERBS.map((verb): [string, string, string, () => Promise<void>] => [
      verb.key,
      verb.picture,
      verb.name,
      () =>
        attempt(async (alert) => {
          await post("alert_actions", { ids: [alert.id], action: verb.action, text: verb.text });
          return verb.done;
        }),
    ]),
    [
      "m",
      "mute",
      "Mute 1 hour",
      () =>
        attempt(async (alert) => {
          await muteSeries([alert], MUTE_FOR);
          return "muted for 1 hour";
        }),
    ],
  ];
  const assign = assignForm(context.status, (person) =>
    void attempt(async (alert) => {
      await post("alert_actions", { ids: [alert.id], action: "assign", text: person });
      return `assigned to ${person}`;
    }),
  );
  fill(
    tools,
    ...verbs.map(([key, picture, name, run]) => h("button", { type: "button", class: "button", title: `${name} (${key})`, disabled: !mayAct, onClick: () => void run() }, icon(picture), name, h("kbd", {}, key))),
    assign.form,
  );

  const draw = (): void => {
    root.hidden = alerts.length === 0;
    setText(title, `Alerts that are not over: ${count(alerts.length)}`);
    const current = target();
    fill(
      list,
      ...alerts.map((alert) => {
        const link = h(
          "a",
          { href: alertLink(alert), "aria-current": alert === current ? "true" : null },
          h("span", { class: "top" }, stateBadge(alert.severity), stageBadge(alert.stage), alert.assignee ? h("span", { class: "muted" }, alert.assignee) : null, alert.muted ? h("span", { class: "muted" }, "muted") : null, h("span", { class: "push number", title: dateTime(alert.opened_us) }, shortTime(alert.opened_us, context.now()))),
          h("span", { class: "what" }, `${alert.metric ?? "device"} · ${alert.rule}`),
          h("span", { class: "why" }, alert.cause, alert.label ? h("span", { class: "muted" }, ` · ${alert.label}`) : null),
        );
        // The first click chooses; the page of alerts is one more away.
        link.addEventListener("click", (event) => {
          if (alert === target()) return;
          event.preventDefault();
          picked = alert.id;
          draw();
        });
        return h("li", { class: `feed-item${alert === current ? " selected" : ""}`, "data-id": alert.id }, link);
      }),
    );
  };
  const load = async (): Promise<void> => {
    const answer = await get<AlertList>("alerts", { device, limit: MAX_ALERTS });
    alerts = answer.alerts.filter((alert) => alert.stage === "open" || alert.stage === "acknowledged");
    draw();
  };
  return {
    root,
    load: () => load().catch((error: unknown) => setText(note, messageOf(error))),
    key: (key) => {
      const verb = verbs.find(([name]) => name === key);
      if ((!verb && key !== "o") || alerts.length === 0) return false;
      if (verb) void verb[3]();
      else assign.input.select();
      return true;
    },
  };
}
