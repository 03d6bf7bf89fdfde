// Records that were not accepted: why, and another try.

import { get, post, type Quarantine, type QuarantineRetry, type QuarantineVerdict } from "./api";
import { fill, h, setText, type Child } from "./dom";
import { count, dateTime } from "./format";
import { messageOf } from "./page";
import { emptyState } from "./parts";

type Reason = Quarantine["reasons"][number];

const SOON_MS = 500;

function records(n: number): string {
  return n === 1 ? "1 record" : `${count(n)} records`;
}

function notTried(verdict: QuarantineVerdict): string {
  const parts = [];
  if (verdict.quality > 0) parts.push(`${records(verdict.quality)} of quality rules are in bronze already`);
  if (verdict.incomplete > 0) parts.push(`of ${records(verdict.incomplete)} only the beginning was kept`);
  return parts.length ? ` Not tried: ${parts.join("; ")}.` : "";
}

function outcome(last: QuarantineRetry): string {
  const what = last.code || "all";
  if (last.problem) return `${dateTime(last.at_us)}: ${what} could not be tried again: ${last.problem}`;
  const there = last.duplicates > 0 ? `, ${count(last.duplicates)} were there already` : "";
  const dropped = last.dropped > 0 ? `; quality rules keep ${count(last.dropped)} out of silver` : "";
  return `${dateTime(last.at_us)}: of ${records(last.tried)} (${what}) ${count(last.good)} left quarantine. ${count(last.accepted)} went into bronze${there}${dropped}.`;
}

/** The card of quarantine; `rowsButton` asks for the records with a code. */
export class QuarantineCard {
  readonly root = h("section", { class: "card", "aria-label": "Quarantine" });
  private readonly number = h("span", { class: "muted push number" });
  private readonly note = h("p", { class: "card-body", role: "status", hidden: true });
  private readonly content = h("div", {});
  private readonly retryAll = this.retryButton("Retry all", "");
  private buttons: HTMLButtonElement[] = [];
  private timer = 0;
  private isWaiting = false;
  private shown = "";

  constructor(
    private readonly mayAct: boolean,
    private readonly rowsButton: (code: string) => Child,
  ) {
    const head = h("div", { class: "card-head" }, h("h2", {}, "Records that were not accepted"), this.number, this.retryAll);
    this.root.append(head, this.note, this.content);
  }

  destroy(): void {
    clearTimeout(this.timer);
  }

  async load(): Promise<void> {
    this.show(await get<Quarantine>("quarantine"));
  }

  private show(quarantine: Quarantine): void {
    setText(this.number, `${count(quarantine.rows)} in quarantine`);
    const hasRows = quarantine.reasons.length > 0;
    const mayRetry = this.mayAct && quarantine.retry !== null;
    this.retryAll.hidden = !hasRows || !mayRetry;
    // What is the same stays, with the focus in it; times are told in a zone.
    const shown = JSON.stringify([quarantine.reasons, mayRetry, dateTime(0)]);
    if (shown !== this.shown) {
      this.shown = shown;
      this.buttons = [this.retryAll];
      if (hasRows) this.showReasons(quarantine.reasons, mayRetry);
      else fill(this.content, emptyState("data", "None", h("p", {}, "Every record was accepted.")));
    }
    if (!quarantine.retry) return;
    if (quarantine.retry.last && !quarantine.retry.is_waiting) this.say(outcome(quarantine.retry.last));
    this.wait(quarantine.retry.is_waiting);
  }

  private showReasons(reasons: Reason[], mayRetry: boolean): void {
    const row = (reason: Reason): HTMLElement => {
      const button = mayRetry ? this.retryButton("Retry", reason.code) : null;
      if (button) this.buttons.push(button);
      return h(
        "tr",
        {},
        h("td", {}, h("div", { class: "mono" }, reason.code), h("div", { class: "row-actions" }, this.rowsButton(reason.code), button)),
        h("td", { class: "number" }, count(reason.count)),
        h("td", {}, dateTime(reason.newest_us)),
        h("td", { class: "wrap" }, reason.message),
        h("td", { class: "wrap mono" }, reason.sample, h("div", { class: "muted" }, reason.position)),
      );
    };
    fill(
      this.content,
      h(
        "div",
        { class: "table-wrap" },
        h(
          "table",
          { class: "fold" },
          h("thead", {}, h("tr", {}, h("th", {}, "Reason"), h("th", { class: "number" }, "Records"), h("th", {}, "Newest"), h("th", {}, "What is wrong with it"), h("th", {}, "Record"))),
          h("tbody", {}, ...reasons.map(row)),
        ),
      ),
      h("p", { class: "card-body muted" }, "A retry puts those into bronze that the present configuration accepts, as ", h("code", {}, "avocet quarantine retry"), " does."),
    );
  }

  private retryButton(text: string, code: string): HTMLButtonElement {
    const button = h("button", { type: "button", class: "button", "aria-label": code ? `Retry ${code}` : null }, text);
    button.addEventListener("click", () => void this.retry(code));
    return button;
  }

  private async retry(code: string): Promise<void> {
    this.wait(true);
    this.say("Judging the records again …");
    try {
      const verdict = await post<QuarantineVerdict>("quarantine/retry", code ? { code } : {});
      if (verdict.is_begun) {
        this.say(`${records(verdict.good)} of ${count(verdict.tried)} are good now: the pipeline pauses for a moment to take them …`);
        return;
      }
      this.say(`The present configuration accepts none of ${records(verdict.tried)}.${notTried(verdict)}`);
    } catch (error) {
      this.say(messageOf(error));
    }
    this.wait(false);
  }

  /** While avocet pauses it does not answer: asks until it does. */
  private wait(isWaiting: boolean): void {
    this.isWaiting = isWaiting;
    for (const button of this.buttons) button.disabled = isWaiting;
    clearTimeout(this.timer);
    if (!isWaiting) return;
    this.timer = window.setTimeout(() => {
      void this.load().catch(() => {
        if (this.isWaiting) this.wait(true);
      });
    }, SOON_MS);
  }

  private say(text: string): void {
    this.note.hidden = false;
    setText(this.note, text);
  }
}
