#include "report/html_text.h"

namespace embedmask::report {

const char* const kStyle = R"(
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1f24}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem;border-bottom:1px solid #d8dee4}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #eaeef2}
td:first-child,th:first-child{text-align:left}
.big{display:flex;gap:1rem;flex-wrap:wrap}.big div{background:#f6f8fa;border-radius:8px;padding:.8rem 1.2rem}
.big b{display:block;font-size:1.8rem}.matrix td,.matrix th{padding:.15rem .4rem;font-size:12px;border:0}
.matrix th.col{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left}
.bar{display:inline-block;height:.8rem;background:#bf3989;border-radius:2px;vertical-align:middle}
figure{margin:1rem 0}img{max-width:100%;border-radius:6px}small{color:#57606a}
)";

std::string escape(std::string_view text) {
    std::string result;
    for (const char c : text) {
        switch (c) {
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '&':
                result += "&amp;";
                break;
            case '"':
                result += "&quot;";
                break;
            default:
                result.push_back(c);
        }
    }
    return result;
}

}  // namespace embedmask::report
