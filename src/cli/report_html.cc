#include "src/cli/report_html.h"

namespace avocet {
namespace {

constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--bg:#f5f7f8;--surface:#fff;--line:#dde3e7;--text:#10202b;--muted:#52636f;
--now:#0b6b63;--base:#8a98a3;--critical:#b4232c;--warning:#8f5300;--info:#1d5fa8;--sunken:#eef1f3}
@media(prefers-color-scheme:dark){:root{--bg:#0c1318;--surface:#131d24;--line:#263741;--text:#e6eef2;
--muted:#9db0bb;--now:#4fd1c1;--base:#6b7f8c;--critical:#ff8a86;--warning:#f2b64c;--info:#7fb8f5;--sunken:#0f181e}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--text);
font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
main{max-width:1040px;margin:0 auto;padding:28px 20px 60px;display:grid;gap:18px}
h1{font-size:24px;margin:0;letter-spacing:-.01em}h2{font-size:15px;margin:0 0 12px}p{margin:0}
.muted{color:var(--muted)}section{background:var(--surface);border:1px solid var(--line);border-radius:10px;
padding:16px 18px;overflow-x:auto}.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px}
.tile{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:12px 14px}
.tile b{display:block;font-size:26px;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.tile span{color:var(--muted);font-size:12.5px}table{width:100%;border-collapse:collapse}
th{color:var(--muted);font-weight:550;font-size:12.5px;text-align:left}th,td{padding:6px 10px 6px 0;
border-bottom:1px solid var(--line);vertical-align:top}tr:last-child td{border-bottom:0}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td.what{overflow-wrap:anywhere;min-width:220px}
svg{display:block;width:100%;height:auto}svg text{fill:var(--muted);font-size:11px;font-family:inherit}
.bn{fill:var(--now)}.bb{fill:var(--base)}.ax{stroke:var(--line)}.legend{display:flex;gap:18px;margin-top:8px;
color:var(--muted);font-size:12.5px}.legend i{display:inline-block;width:12px;height:12px;border-radius:3px;
margin-right:6px;vertical-align:-1px}.s-critical{color:var(--critical)}.s-warning{color:var(--warning)}
.s-info{color:var(--info)}code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12.5px}
.band{fill:var(--now);opacity:.16}.expected{fill:none;stroke:var(--now);stroke-width:1;
stroke-dasharray:4 3}.value{fill:none;stroke:var(--text);stroke-width:1.1;stroke-linejoin:round}
svg.chart{min-width:640px}.mark{fill:var(--critical);stroke:var(--surface);stroke-width:1.5}
)css";

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

ReportHtml::ReportHtml(std::string_view title) {
  Add("<!doctype html><html lang=en><head><meta charset=utf-8>"
      "<meta name=viewport content=\"width=device-width,initial-scale=1\"><title>");
  Add(title);
  Add(" - avocet</title><style>");
  Add(kStyle);
  Add("</style></head><body><main>");
}

void ReportHtml::Tile(std::string_view name, std::string_view value) {
  Add("<div class=tile><b>{}</b><span>{}</span></div>", value, name);
}

std::string ReportHtml::Take() {
  Add("</main></body></html>\n");
  return std::move(html_);
}

}  // namespace avocet
