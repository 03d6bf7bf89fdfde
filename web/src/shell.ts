// The frame: navigation, connection, theme, time zone, help.

import { logOut, type Status } from "./api";
import { h, fill, setText } from "./dom";
import { events } from "./events";
import { isUtc, useUtc } from "./format";
import { icon } from "./icons";

const PAGES: [string, string, string, string][] = [
  ["/", "Fleet", "fleet", "g f"],
  ["/alerts", "Alerts", "alerts", "g l"],
  ["/anomalies", "Anomalies", "anomalies", "g a"],
  ["/rules", "Rules", "rules", "g r"],
  ["/data", "Data", "data", "g d"],
  ["/system", "System", "system", "g s"],
];

const KEYS: [string, string][] = [
  ["/", "Search"],
  ["g f", "Fleet"],
  ["g l", "Alerts"],
  ["g a", "Anomalies"],
  ["g r", "Rules"],
  ["g d", "Data"],
  ["g s", "System"],
  ["j  k", "Next, previous row"],
  ["Enter", "Open the row"],
  ["b", "Filter by a label"],
  ["[  ]", "Earlier, later"],
  ["z", "Zoom out"],
  ["l", "Follow live"],
  ["p", "Pause the feed"],
  ["a", "Acknowledge alerts"],
  ["m", "Mute them"],
  ["f  v", "False, true positive"],
  ["o", "Say who looks after them"],
  ["x", "Choose several"],
  ["t", "Light or dark"],
  ["u", "UTC or local time"],
  ["Esc", "Back"],
  ["?", "This help"],
];

function stored(name: string): string {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}
function store(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A private window forgets.
  }
}

export class Shell {
  readonly content = h("main", { class: "main", id: "content", tabindex: "-1" });
  readonly root: HTMLElement;
  private readonly nav = h("nav", { class: "nav", "aria-label": "Pages" });
  private readonly dot = h("span", { class: "dot" });
  private readonly words = h("span", { class: "words" }, "Connecting");
  private readonly banner = h("div", { class: "banner", role: "alert" });
  private readonly help = h("dialog", { "aria-labelledby": "help-title" });
  private readonly themeButton = h("button", { class: "button icon quiet", type: "button" });
  private readonly zoneButton = h("button", { class: "button quiet", type: "button" });
  private readonly badges: Record<string, HTMLElement> = {
    "/": h("span", { class: "badge", hidden: true }),
    "/alerts": h("span", { class: "badge", hidden: true }),
  };

  constructor(
    status: Status,
    private readonly restyle: () => void,
  ) {
    useUtc(stored("zone") === "utc");
    this.themeButton.addEventListener("click", () => this.toggleTheme());
    this.zoneButton.addEventListener("click", () => this.toggleZone());
    const help = h(
      "button",
      { class: "button icon quiet", type: "button", "aria-label": "Keyboard shortcuts", title: "Keyboard shortcuts (?)" },
      icon("help"),
    );
    help.addEventListener("click", () => this.showHelp());
    for (const [target, name, picture, keys] of PAGES) {
      this.nav.append(
        h("a", { href: target, title: `${name} (${keys})` }, icon(picture), h("span", {}, name), this.badges[target]),
      );
    }
    const tools = h("div", { class: "tools" }, this.themeButton, help);
    if (status.needs_token) {
      const exit = h("button", { class: "button icon quiet", type: "button", "aria-label": "Sign out", title: "Sign out" }, icon("exit"));
      exit.addEventListener("click", () => void logOut().finally(() => location.reload()));
      tools.append(exit);
    }
    this.root = h(
      "div",
      { class: "frame" },
      h("a", { class: "skip", href: "#content" }, "Skip to the content"),
      h(
        "header",
        { class: "side" },
        h("a", { class: "brand", href: "/" }, h("img", { src: "/icon.svg", alt: "" }), h("span", {}, "avocet")),
        this.nav,
        h(
          "div",
          { class: "side-foot" },
          h("div", { class: "connection", role: "status" }, this.dot, this.words),
          tools,
          this.zoneButton,
          h("span", { class: "words muted" }, `${status.version}${status.needs_token ? ` · ${status.user}` : ""}`),
        ),
      ),
      h("div", { style: null, class: "main-wrap" }, this.banner, this.content),
      this.help,
    );
    this.root.querySelector(".skip")!.addEventListener("click", (event) => {
      event.preventDefault();
      this.content.focus();
    });
    this.fillHelp();
    this.applyTheme();
    this.applyZone();
    events.on("connection", () => this.showConnection());
    events.on("pulse", (pulse) => {
      this.showProblem(pulse.problem);
      this.showBadge("/", pulse.states.critical, "devices are critical");
      this.showBadge("/alerts", pulse.alerts.open, "alerts are open");
    });
    this.showProblem(status.problem);
    this.showConnection();
  }

  markPage(current: string): void {
    for (const link of this.nav.querySelectorAll("a")) {
      const own = link.getAttribute("href")!;
      const shown = own === current || (own === "/" && current === "/device");
      if (shown) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  toggleTheme(): void {
    store("theme", document.documentElement.dataset["theme"] === "dark" ? "light" : "dark");
    this.applyTheme();
    this.restyle();
  }

  toggleZone(): void {
    useUtc(!isUtc());
    store("zone", isUtc() ? "utc" : "local");
    this.applyZone();
    this.restyle();
  }

  showHelp(): void {
    if (!this.help.open) this.help.showModal();
  }
  get isHelpOpen(): boolean {
    return this.help.open;
  }

  private applyTheme(): void {
    const dark = stored("theme") ? stored("theme") === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    document.documentElement.dataset["theme"] = dark ? "dark" : "light";
    fill(this.themeButton, icon(dark ? "sun" : "moon"));
    this.themeButton.setAttribute("aria-label", dark ? "Light theme" : "Dark theme");
    this.themeButton.title = `${dark ? "Light" : "Dark"} theme (t)`;
  }

  private applyZone(): void {
    fill(this.zoneButton, icon("clock"), h("span", { class: "words" }, isUtc() ? "UTC" : "Local time"));
    this.zoneButton.title = `Times are ${isUtc() ? "UTC" : "local"} (u)`;
    this.zoneButton.setAttribute("aria-label", `Times are ${isUtc() ? "UTC" : "local"}; change`);
  }

  private showBadge(page: string, count: number, what: string): void {
    const badge = this.badges[page]!;
    badge.hidden = count === 0;
    setText(badge, count > 99 ? "99+" : String(count));
    badge.title = `${count} ${what}`;
  }

  private showConnection(): void {
    const connection = events.connection;
    this.dot.className = `dot ${connection === "connecting" ? "" : connection}`;
    setText(this.words, { connecting: "Connecting", live: "Live", lost: "Connection lost" }[connection]);
    this.dot.title = this.words.textContent ?? "";
    this.showProblem(events.pulse?.problem ?? "");
  }

  private showProblem(problem: string): void {
    const text = events.connection === "lost" ? "avocet does not answer. Trying again …" : problem;
    if (this.banner.dataset["text"] === text) return;
    this.banner.dataset["text"] = text;
    if (text) fill(this.banner, icon("alert"), h("span", {}, text));
    else fill(this.banner);
  }

  private fillHelp(): void {
    const list = h("dl", { class: "facts" });
    for (const [keys, what] of KEYS) {
      const marks = h("dt", {});
      keys.split(/ +/).forEach((key, i) => marks.append(i > 0 ? " " : "", h("kbd", {}, key)));
      list.append(marks, h("dd", {}, what));
    }
    const close = h("button", { class: "button", type: "button" }, "Close");
    close.addEventListener("click", () => this.help.close());
    fill(this.help, h("h2", { id: "help-title" }, "Keyboard shortcuts"), list, h("p", { class: "right" }, close));
  }
}
