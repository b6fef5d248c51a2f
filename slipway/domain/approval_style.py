"""The approval page's style sheet; its hash stands in the page's Content-Security-Policy."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

STYLE: Final = """\
:root{color-scheme:light dark;--page:#f4f6f8;--card:#fff;--ink:#16202a;--soft:#51606e;--line:#d9e0e6;
--tint:#eef2f5;--accent:#0b5cad;--accent-ink:#fff;--good:#116329;--good-tint:#e3f4e7;--bad:#a40e26;--bad-tint:#fde8ea;
--warn:#7a4b00;--warn-tint:#fff3d6;--radius:10px}
@media (prefers-color-scheme:dark){:root{--page:#10161c;--card:#18212a;--ink:#e8eef3;--soft:#a4b3c0;
--line:#2d3a46;--tint:#1f2a34;--accent:#6cb2ff;--accent-ink:#06182b;--good:#7ddc97;--good-tint:#12301c;--bad:#ff9aa5;
--bad-tint:#3a1519;--warn:#f2c35e;--warn-tint:#33270c}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.skip{position:absolute;left:-999px;top:0;background:var(--accent);color:var(--accent-ink);padding:.6rem 1rem}
.skip:focus{left:0;z-index:2}
.bar{background:var(--card);border-bottom:1px solid var(--line)}
.bar div{max-width:1180px;margin:0 auto;padding:.7rem 1.25rem;display:flex;gap:.75rem;align-items:center;
justify-content:space-between}
.brand{font-weight:700;letter-spacing:.01em;display:flex;align-items:center;gap:.5rem}
.brand svg{display:block;color:var(--accent)}
.tag{font-size:.8125rem;font-weight:600;border:1px solid var(--line);background:var(--tint);
border-radius:99px;padding:.1rem .65rem}
.wrap{max-width:1180px;margin:0 auto;padding:1.5rem 1.25rem 3rem}
.head{margin-bottom:1.25rem}
.head p{margin:.25rem 0 0;color:var(--soft)}
h1{font-size:1.75rem;line-height:1.2;margin:0;letter-spacing:-.015em;overflow-wrap:anywhere}
h2{font-size:1.0625rem;line-height:1.3;margin:0 0 .75rem}
h3{font-size:.9375rem;margin:1.1rem 0 .4rem}
h3:first-of-type{margin-top:0}
a{color:var(--accent)}
code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.84em;
overflow-wrap:anywhere}
.soft{color:var(--soft)}
.small{font-size:.875rem}
.columns{display:grid;gap:1.25rem;grid-template-columns:minmax(0,1fr)}
.card{background:var(--card);border:1px solid var(--line);border-radius:var(--radius);padding:1.15rem 1.25rem;
margin:0 0 1.25rem;min-width:0}
.verdict{border-left:5px solid var(--good)}
.verdict.no{border-left-color:var(--bad)}
.verdict p{margin:0}
.say{font-size:1.0625rem}
.hero{display:flex;flex-wrap:wrap;gap:.5rem 2.25rem;margin:.9rem 0 0}
.hero div{min-width:0}
.hero dt{color:var(--soft);font-size:.8125rem}
.hero dd{margin:0;font-size:1.625rem;font-weight:650;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.hero .unit{font-size:.875rem;font-weight:500;color:var(--soft);letter-spacing:0}
.chip{display:inline-block;font-size:.8125rem;font-weight:600;border-radius:99px;padding:.05rem .6rem;
white-space:nowrap;background:var(--tint);color:var(--soft)}
.better,.passed{background:var(--good-tint);color:var(--good)}
.worse,.failed{background:var(--bad-tint);color:var(--bad)}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
caption{text-align:left;color:var(--soft);font-size:.875rem;padding:0 0 .35rem}
th,td{padding:.45rem .6rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:baseline}
th:first-child,td:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:0}
thead th{font-size:.8125rem;color:var(--soft);font-weight:600;vertical-align:bottom}
tbody th{font-weight:500}
tbody tr:last-child>*{border-bottom:0}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.num{white-space:nowrap}
.first th,.first td{font-weight:650}
.aim{display:block;font-size:.8125rem;font-weight:400;color:var(--soft)}
.delta{fill:var(--soft)}
.delta.up{fill:var(--good)}
.delta.down{fill:var(--bad)}
.axis{stroke:var(--soft);stroke-width:1}
.list{list-style:none;margin:0;padding:0}
.list li{display:flex;gap:.7rem;align-items:baseline;padding:.4rem 0;border-bottom:1px solid var(--line)}
.list li:last-child{border-bottom:0}
.plots{display:grid;gap:1rem;grid-template-columns:minmax(0,1fr)}
figure{margin:0;min-width:0}
figure img{display:block;width:100%;height:auto;background:#fff;border:1px solid var(--line);
border-radius:6px}
figcaption{font-size:.875rem;color:var(--soft);padding-top:.35rem}
.hero+.facts{margin-top:.9rem}
.facts{display:grid;grid-template-columns:minmax(0,1fr);margin:0}
.facts+.plots{margin-top:1rem}
.facts dt{color:var(--soft);font-size:.8125rem;padding-top:.5rem}
.facts dd{margin:0;padding-bottom:.5rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
.facts dd:last-child{border-bottom:0;padding-bottom:0}
.facts dt:first-child{padding-top:0}
.note{border-radius:8px;padding:.7rem .9rem;margin:0 0 1rem;background:var(--tint)}
.note p{margin:.15rem 0 0}
.note.good{background:var(--good-tint);color:var(--good)}
.note.bad{background:var(--bad-tint);color:var(--bad)}
.note.warn{background:var(--warn-tint);color:var(--warn)}
.note ul{margin:.3rem 0 0;padding-left:1.1rem}
.note a{color:inherit}
blockquote{margin:.6rem 0 0;padding:0 0 0 .8rem;border-left:3px solid var(--line);white-space:pre-wrap;
overflow-wrap:anywhere}
fieldset{border:0;margin:0 0 1rem;padding:0;min-width:0}
legend,label.above{font-weight:600;padding:0;margin:0 0 .35rem;display:block}
.choice{display:flex;gap:.65rem;align-items:flex-start;border:1px solid var(--line);border-radius:8px;
padding:.6rem .75rem;margin-bottom:.5rem;cursor:pointer}
.choice:has(:checked){border-color:var(--accent);background:var(--tint)}
.choice input{margin:.3rem 0 0;accent-color:var(--accent);width:1rem;height:1rem;flex:none}
.choice b{display:block}
.choice span span{color:var(--soft);font-size:.875rem}
.field{margin:0 0 1rem}
input[type=text],textarea,select{width:100%;font:inherit;color:inherit;background:var(--page);
border:1px solid #7d8b98;border-radius:8px;padding:.55rem .7rem}
textarea{min-height:6rem;resize:vertical}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.hint{margin:.3rem 0 0;font-size:.875rem;color:var(--soft)}
.problem{margin:.3rem 0 0;font-size:.875rem;font-weight:600;color:var(--bad)}
[aria-invalid=true]{border-color:var(--bad)!important}
button{font:inherit;font-weight:650;width:100%;padding:.7rem 1rem;border:0;border-radius:8px;cursor:pointer;
background:var(--accent);color:var(--accent-ink)}
button:hover{filter:brightness(1.08)}
.foot{color:var(--soft);font-size:.8125rem;margin:1.5rem 0 0}
.plain{max-width:620px;margin:0 auto;padding:12vh 1.25rem 3rem}
.plain h1{font-size:1.5rem}
.plain .note{margin-top:1rem}
.plain p:last-child{margin-bottom:0}
details{margin-top:.8rem}
.conditions{margin:0 0 1rem}
.conditions>.hint{margin:0 0 .6rem}
details summary{cursor:pointer;font-weight:600;font-size:.9375rem}
details[open] summary{margin-bottom:.6rem}
.narrow{margin:1rem 0 0}
.jump{display:inline-block;margin-top:.9rem;font-weight:600}
@media (max-width:719px){caption{display:block}table,tbody,tr,td,th{display:block}thead{position:absolute;
width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}tbody tr{display:flex;flex-wrap:wrap;
gap:.3rem 1rem;border-bottom:1px solid var(--line);padding:.6rem 0}
tbody tr:last-child{border-bottom:0;padding-bottom:0}
tbody th,tbody td{border:0;padding:0!important;max-width:100%;order:2}
tbody th{order:0;flex:1 1 100%;font-weight:600;overflow-wrap:anywhere}
tbody th:has(~td[data-label=""]){flex-basis:calc(100% - 7rem);min-width:0}
tbody td[data-label=""]{order:1;min-width:5rem;text-align:right}
tbody td.n{text-align:left;min-width:calc((100% - 2.01rem)/3)}
td[data-label=Digest]{white-space:normal}
td.n::before{content:attr(data-label);display:block;font-size:.75rem;font-weight:400;color:var(--soft)}
td.wide{display:none!important}.aim{display:inline;padding-left:.4rem}}
@media (min-width:560px){.facts{grid-template-columns:12.5rem minmax(0,1fr)}
.facts dt,.facts dd{padding:.45rem 0;border-bottom:1px solid var(--line);font-size:.9375rem}
.facts dt:first-child,.facts dt:first-child+dd{padding-top:0}
.facts dt:last-of-type{border-bottom:0}.plots{grid-template-columns:repeat(2,minmax(0,1fr))}}
@media (min-width:960px){.columns{grid-template-columns:minmax(0,1fr) 340px;align-items:start}
.side{position:sticky;top:1.25rem}.side .facts{grid-template-columns:minmax(0,1fr)}
.side .facts dt{border-bottom:0;padding:.5rem 0 0;font-size:.8125rem}.side .facts dd{padding:0 0 .5rem}
.jump,.narrow{display:none}h1{font-size:2rem}}
@media print{:root{--page:#fff;--card:#fff;--ink:#000;--soft:#333;--line:#bbb;--tint:#fff;--good-tint:#fff;
--bad-tint:#fff;--good:#000;--bad:#000}body{font-size:11pt}
.bar div,.wrap{max-width:none;padding-left:0;padding-right:0}
.columns{display:block}.card{border-radius:0}
tr,figure,.note,.list li{break-inside:avoid}h2,caption{break-after:avoid}
.ask,.jump,.skip{display:none!important}
.plots{grid-template-columns:repeat(2,minmax(0,1fr))}.side{position:static}}
"""

STYLE_SOURCE: Final = f"'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
"""As ``style-src`` names it: no other style applies, not even a ``style`` attribute."""
