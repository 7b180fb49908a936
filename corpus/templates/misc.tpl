// Short and odd formats: lists, messages, prompts, markup, label sheets.

== doc.misc
{-heading:[SIGN OUT|Handoff List|Rounding List|Census]} {today} {clock}\n{>m.handoff#5-9}\n[Covering|On call]: {dr.finit} [pager|p] {pager}
{-heading:[Clinic Schedule|Appointments|OR Schedule]} {future} [{dr}|{dr.last}]\n{>m.slot#6-10}
{>m.sms#6-10}
[System|SYSTEM]: You are a [helpful|careful] [clinical|billing] assistant. [Answer|Reply] in {numword} sentences.\n[User|USER]: {>m.prompt}\n\n{>hpi.open} {>hpi*2-4} {>family}\n\n[Assistant|ASSISTANT]: {>m.answer*2-3}
# {-heading:[Visit summary|After Visit Summary]}\n\n| [Field|Item] | [Value|Detail] |\n|---|---|\n{>m.cell#7-11}\n\n## {-heading:[Plan|Next steps]}\n\n{>n.plan#3-4}\n* [See|Call] {dr} [on {future}|at {dr.phone}]\n
patient:\n  name: {pt.full}\n  birth_date: {isodob}\n  mrn: "{mrn}"\n  phone: {pt.phone}\n  address:\n    street: {pt.street}\n    city: {pt.city}\n    state: {pt.state}\n    zip: "{pt.zip}"\nencounter:\n  date: {isodate}\n  [provider|attending]: {dr.full}\n  [site|facility]: {facility}\n  icd10: \[{icd}, {icd}\]\n  bp: {bp}\n  note: {>hpi}\nschema: {ver}
{>m.leader#9-13}\n{-heading:[Remarks|Notes]}: {>hpi} {>n.hpi}
{-heading:[PRESCRIPTION|Rx|e-Prescription]}\n{dr.sig}  DEA {dr.dea}  [NPI|NPI:] {dr.npi}\n{dr.address}  [Ph|T] {dr.phone}\n\n[For|Patient|Name]: {pt.full}   [Age|DOB]: {dob}\n[Address|Addr]: {pt.address}\n[Date|Issued]: {today}\n\n{drug} {dose}\nSig: {frac} tab {freq} x {dur}\nDisp: #{count}  Refills: {order}\nNDC {ndc}  {lot}\n\n[Signed|/s/] {dr.finit}
{facility} {-heading:[LABORATORY REPORT|Final Report|Pathology]}\n[Patient|Name]: {pt.tight}   [Acc|Accession|Lab No.]: {accession}\n[DOB|D.O.B.]: {dob}  [Sex|]: {sex}  [MRN|ID]: {mrn}\n[Collected|Drawn]: {date} {clock}  [Received|Rec'd]: {date}\n[Ordering|Requested by]: {dr.lastfirst}\n\n{-heading:TEST}        {-heading:RESULT}     {-heading:REFERENCE}\n{>m.result#5-9}\n\n[Reviewed by|Pathologist|Verified]: {dr2.sig} {today}
{-heading:[Incident Report|Patient Safety Report]} [#|No.] {subject}\n[On|At] {date} {clock}, {pt.title} ({mrn}) [fell|was found] in {room} [at {facility}|]. {>m.incident*3-5}\n[Reported by|Author]: {rn.rnsig}
{-heading:[Consent|Authorization to Release Information]}\nI, {pt.formal}, [born|date of birth] {dob}, [residing|living] at {pt.address}, authorize {facility} to release [records|information] [from {date} to {date}|about {>w.dx}] to {rel.formal} ([{role}|my {role}]), [phone|tel.] {rel.phone}[, e-mail {rel.email}|].\n[Valid|Expires] [{dur}|on {future}]. {ver}, {pages}.\n[Signed|Signature]: {pt.full} [Date|]: {today}\n[Witness]: {rn.full}
{-heading:[Obituary|Memorial]}\n{pt.quoted}, {age}, of {pt.city}, [died|passed away] {md} at {facility}. Born {dob} in {hometown}[, {statename}|], {he} [taught school|farmed] for {dur}. [Survivors|{He} is survived by] {rel.full} of {rel.city} and {rel2.first}. [Services|Visitation] {future} at {clock}. [Condolences|Flowers] to {rel.address}.
{>m.voice*4-7}
== m.handoff
{room} {else.last}, {else.first} {-age:[34|58|67|71|83]}{sex} {>w.dx}, {lab}, [dispo|plan] {mdsoon}
[{room} |]{else.full} - {>w.dx} HD#{order}, {drug} {dose}, [f/u {lab}|NPO p MN|full code]
{else.lastfirst} [({mrn})|] {>w.sx}, {score}. [Call {role} {else.first} {rel.phone}|{dr2} following|no new events]
{else.last} {-age:[29|44|66|79]} [yo|y/o] s/p {>w.proc} POD {order}, {-eponym:JP drain} {-number:20 cc}, VS {bp} {hr}
{-room:[12A|4-East 3|ICU 6]} {else.tight} {icd} {>w.dx}, tele, [d/c {mdslash}|stable]
{else.finit}: [pending|awaiting] {lab}, [MRI {spine}|echo] [{mdsoon}|in AM], {drug} {freq}
== m.slot
{clock} {else.full} [{phone}|DOB {olddate}] {>w.proc}
{clock}  {else.lastfirst}  [new|f/u|PE] {dur} {>w.dx}
{clock} {-word:LUNCH} / {-heading:Staff Meeting} {room}
{clock} {else.last} ({-age:[8|33|51|77]}) {>w.sx}, [ref {dr2}|{icd}|{cpt}]
{clock} {-word:HOLD} - {-heading:Walk In} [{cpt}|{-number:2 slots}]
{clock} [Mr|Mrs|Ms] {else.last} [nurse visit|INR|BP check] {labval}
{clock} {else.initials} [telehealth|video] {else.email}
== m.sms
{pt.first}: [hi|hey] {dr.last}'s office? [its|this is] {pt.nick}
{pt.first}: [bp|sugar] {bp} [this am|at {clock}], took {drug} {dose}
{rn.first}: [Hi|Hello] {pt.first}! [Reminder|Your visit is] {future} {clock} w {dr}. Reply {-word:Y} to confirm.
{rn.first}: [Pls|Please] call {dr.phone} or use {pt.url}
{pt.first}: {>w.sx} {dur} [:(|again]. [can|will] {dr2} see me {weekday}?
{pt.first}: new # {pt.cell} and [addr|address] {pt.street} {pt.city}
{rn.first}: [Is|Was] that {drug} {dose} or {dose}? {-word:May} take {frac}.
{rel.first}: [this is|its] {pt.first}'s {role}. [he|she] [is|was] in {room} at {facility2}
{rel.first}: dob {dob} [ssn ends {ssn4}|], {-word:hope} that helps
{rel.nick}: ok [ty|thx] {rn.first}, {clock} works
== m.prompt
[Summarize|Shorten] the note below for {dr2}[, and draft a letter to {pt.title} at {pt.address}|].
[Write|Draft] an appeal for {pt.full} (member {member}, DOB {dob}) to [cover|approve] {drug}.
[What|Which] [tests|codes] apply? [Patient|Pt] {pt.last}, [MRN|mrn] {mrn}, seen {date}. CPT {cpt} or {cpt}?
[Reply|Answer] to {rel.full} <{rel.email}>, [who asks|asking] about {pt.first}'s {>w.dx}.
== m.answer
{pt.title} ({age}, {sex}) has {>w.dx} [and|,] {>w.dx}; [see|call] {dr} on {future}.
[Dear|To] {rel.titlefull}, [thank you for writing|we reviewed the chart] about {pt.first}.
The codes {cpt} and {icd} [may|will] apply; {drug} {dose} is [listed|covered] in {ver}.
[Key points|In short]: {lab}, {score}, [BP {bp}|pain {pain}], [follow up in {dur}|{eponym} unlikely].
[Send to|Copy] {facility2}, fax {dr2.fax}[, attention {dr2}|].
[Next|Then] {pt.last} [should|may] [repeat|check] {lab} in {dur}.
== m.cell
| Name | {pt.full} |
| [DOB|Born] | {dob} |
| MRN | {mrn} |
| [Phone|Cell] | {pt.phone} |
| [Email|E-mail] | {pt.email} |
| [Doctor|Provider] | {dr.sig} |
| [Date|Visit] | {date} |
| [BP|Pulse] | {bp} |
| [Diagnosis|Dx] | {>w.dx} ({icd}) |
| [Medicine|Rx] | {drug} {dose} {freq} |
| [Next visit|Return] | {future} {clock} |
| [Score|Scale] | {score} |
| [Member ID|Insurance ID] | {member} |
| [Address|Home] | {pt.street}, {pt.city} |
| [Lab|Result] | {lab} ({labrange}) |
| [Emergency contact|Next of kin] | {rel.full} {rel.phone} |
== m.leader
NAME...............: {pt.upper}
PATIENT NO.........: {mrn}
DATE OF BIRTH......: {dob}
SOC SEC NO.........: {ssn}
ADDRESS............: {pt.street}
CITY/ST/ZIP........: {pt.city} {pt.state} {pt.zip}
HOME PHONE.........: {pt.phone}
FIN CLASS..........: {-code:MCR}
MEDICARE NO........: {mbi}
ADMIT DR...........: {dr.tight}
ADM DATE/TIME......: {date} {clock}
DIAGNOSIS..........: {>w.dx} {icd}
DRG................: {-code:[470|291|871|392]}
NEXT OF KIN........: {rel.lastfirst} {rel.phone}
WEIGHT/HEIGHT......: {wt} {ht}
ROOM/BED...........: {room}
ACCT NO............: {account}
LOS................: {dur}
PAGE...............: {pages}
== m.result
{lab}      {labrange}
{lab}      {labrange}   [H|L|*|]
{loinc}    {labval}     {labrange}
{gene}     [detected|not detected]   {percent}
{-eponym:[Coombs test|Gram stain|Ziehl-Neelsen stain|Widal test]}   [negative|positive]   {ratio}
== m.incident
[No injury|Abrasion {size}] [noted|seen]; VS {bp}, {hr}. [Morse|Fall] [score|scale] {-number:45}.
{dr} [notified|paged {pager}] {clock}; {role} {rel.full} [called|informed] at {rel.phone}.
[Witness|Seen by]: {else.full}, [visitor|roommate|housekeeping].
[Bed alarm|Pump] [model|unit] {model}, [serial|S/N] {serial}, [removed|tagged].
[Last|Previous] fall {md}. {drug} {dose} [given|held] {clock}.
[{pt.first}|{pt.last}] [said|stated] "[I slipped|my legs gave out]".
== m.voice
[Hi|Hello] this is {rel.full}, F as in {-word:Frank}, calling [for|about] my {role2} {pt.full}.
[His|Her] birthday is {dob}, [um|uh], [that's right|yes], and {he} sees {dr}.
[Call|Ring] me back at {rel.phone}[, that's my cell|, or try {phone7} after {clock}].
{He} took {numword} of the {drug}, [the|] {dose}, and {maymight} need more by {weekday}.
[We're|They're] [at|over at] {pt.street} [in {pt.city}|] [until {mdsoon}|for {dur}].
The [card|paper] says [member|ID] number {member}.
[Will|Can] [somebody|you] tell {rn.first} the [pressure|reading] was {bp}? [Thanks|Bye].
[My email|Email] is {rel.emailwords}.
