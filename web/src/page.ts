// What every page is to the frame around it.

import type { Status } from "./api";

export interface Context {
  status: Status;
  /** The stream's clock, in microseconds. */
  now: () => number;
  unit: (metric: string | null) => string;
}

export interface Page {
  title: string;
  root: HTMLElement;
  /** The URL has changed, and the page is still this one. */
  update?: () => void;
  /** Theme or time zone have changed. */
  restyle?: () => void;
  /** True when the key was for the page. */
  key?: (key: string) => boolean;
  destroy?: () => void;
}

/** A page that loads itself anew, now and every so many milliseconds, and with the key r. */
export function refreshedPage(title: string, root: HTMLElement, everyMs: number, load: () => Promise<void>): Page {
  void load();
  const timer = setInterval(() => void load(), everyMs);
  return {
    title,
    root,
    restyle: () => void load(),
    key: (key) => {
      if (key !== "r") return false;
      void load();
      return true;
    },
    destroy: () => clearInterval(timer),
  };
}

/** Answers of requests that were overtaken by a newer one are dropped. */
export class Latest {
  private controller: AbortController | null = null;

  async run<T>(request: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    this.controller?.abort();
    const controller = new AbortController();
    this.controller = controller;
    try {
      const answer = await request(controller.signal);
      return controller.signal.aborted ? null : answer;
    } catch (error) {
      if (controller.signal.aborted) return null;
      throw error;
    }
  }

  cancel(): void {
    this.controller?.abort();
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
