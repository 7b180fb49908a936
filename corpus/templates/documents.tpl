// Whole documents. One template a line; a trailing backslash joins lines. Syntax: README.md.

== doc.progress
{>hdr}\n\n{-heading:[Chief Complaint|CC|Reason for Visit]}: {>cc}\n\n{>h.hpi}:\n{>hpi.open} {>hpi*2-3} {>n.hpi*1-2} {>n.hpi*2-4} {>social*1-2}\n\n{>h.pmh}:\n{>pmh*2-4}\n\n{>h.meds}:\n{>medline#2-3}\n{>n.med#2-3}\n\n\
{>h.exam}:\n{>vitals}\n{>exam*5-7}\n\n{>h.labs}:\n{>labline*1-2} {>n.lab*1-2}\n\n{>h.ap}:\n{>plan#2-4}\n{>n.plan#2-3}\n{>followup*1-2}\n\n{>signature}
{>hdr}\n\n[S|Subjective|SUBJECTIVE]: {>hpi.open} {>hpi*2-3} {>n.hpi*2} {>ros*2-3}\n\n[O|Objective|OBJECTIVE]: {>vitals} {>exam*3-5}\n{>labline*1-3}\n\n[A|Assessment|ASSESSMENT]: {>assess*2-3}\n\n[P|Plan|PLAN]:\n{>plan#3-4}\n{>n.plan#2-3}\n{>followup}\n\n{>signature}
{>hdr.tiny}\n{>hpi.open} {>hpi*2-3} {>n.hpi*1-2} {>exam*2-3} {>labline} {>plan*2-3} {>followup}\n{>signature}
{>hdr}\n\n{>h.interval}:\n{>hpi*2-3} {>n.hpi*1-2} {>nurse*1-2}\n\n{>vitals}\n{>exam*3-4}\n\n{>h.ap}:\n{>assess*1-2}\n{>plan#2-4}\n{>family*1-2}\n\n{>signature}
{>hdr}\n\n{>h.hpi}\n{>hpi.open} {>hpi*2-3} {>device*1-2} {>social}\n\n{>h.family}\n{>famhx*1-3}\n\n{>h.exam}\n{>vitals} {>exam*3-5}\n\n{>h.ap}\n{>plan#3-4} {>followup}\n\n{>signature}
== doc.discharge
{>hdr.discharge}\n\n{-heading:[Discharge Diagnosis|DISCHARGE DIAGNOSES|Principal Diagnosis]}:\n{>dxline#2-4}\n\n{-heading:[Hospital Course|HOSPITAL COURSE|Brief Hospital Course]}:\n{>hpi.open} {>course*3-5} {>n.hpi*2-3}\n\n{-heading:[Procedures|Procedures Performed]}:\n{>procline#1-3}\n\n{-heading:Discharge Medications}:\n{>medline#4-6}\n\n\
{-heading:[Condition at Discharge|Discharge Condition]}: {>condition}\n\n{-heading:[Disposition and Follow Up|Follow-up]}:\n{>followup*2-4}\n{>contact*1-2}\n\n{>family}\n\n{>signature}\n{>cc.line}
{>hdr.discharge}\n\n{>course*5-7}\n\n{>labline*2-4}\n\n{>device}\n\n{>followup*2-3} {>family*1-2}\n\n{>instructions*3-5}\n\n{>signature}
== doc.referral
{>letterhead}\n\n{today}\n\n[RE|Re|Regarding]: {pt.formal}\n[DOB|Date of Birth|D.O.B.]: {dob}\n{>id.line#1-2}\n\nDear {dr2},\n\n{>letter.open} {>letter*3-5}\n\n{>hpi*2-3} {>pmh*1-2} {>labline*1-2}\n\n{>plan*1-2}\n\n{>letter.close}\n\n[Sincerely|Kind regards|With best regards|Respectfully|Warm regards],\n\n{dr.sig}\n{facility}\n{>contact}\n{>cc.line}
{>letterhead}\n\n{today}\n\nTo Whom It May Concern:\n\n{>letter.whom*2-3} {>letter*1-2}\n\n{>letter.close}\n\n[Sincerely|Yours truly|Regards],\n\n{dr.sig}\n[Lic|License|Lic.] [#|no. |No: ]{dr.license}\nNPI[: | ]{dr.npi}
{today}\n\n{dr2.sig}\n{facility2}\n{dr2.address}\n[Fax|FAX|F]: {dr2.fax}\n\n[Patient|PATIENT|Pt]: {pt.lastfirst}    [MRN|Med Rec #|Chart No.]: {mrn}\n\n{>letter.open} {>letter*2-4} {>hpi*1-3}\n\n{>letter.close}\n\n{dr.sig}\n{>contact}
== doc.nursing
{>nhdr}\n{>nurse#4-6}\n{>n.nurse#2-4}\n{rn.rnsig}
{>nhdr}\n{clock} {>nurse*2-3}\n{clock} {>nurse*2-3}\n{clock} {>nurse*2-3}\n{clock} {>nurse*1-2} {>family}\n{rn.rnsig}
[Pt|pt] {pt.last} {age} [yo|y/o|yr old] {sex}, {room}. {>nurse*5-8} {>family}\n-- {rn.rnsig}
== doc.radiology
{>radhdr}\n\n{-heading:[EXAM|EXAMINATION|Procedure]}: {>radexam}\n\n{-heading:[INDICATION|CLINICAL INDICATION|History]}: {>cc} {>radhist}\n\n{-heading:COMPARISON}: {>radcompare}\n\n{-heading:TECHNIQUE}: {>radtech}\n\n{-heading:FINDINGS}:\n{>radfind*4-7}\n\n{-heading:IMPRESSION}:\n1. {>radimp}\n2. {>radimp}\n\n{>radcall}\n\n{>radsign}
== doc.phone
{>phonehdr}\n\n{>phone*3-5} {>phonemed*1-2}\n\n{>phone.close*1-2}\n{rn.rnsig}
{-heading:[TELEPHONE ENCOUNTER|Phone Message|While You Were Out]}\n[For|To]: {dr}\n[From|Caller]: {rel.full} ([{role}|patient's {role}])\n[Phone|Call back|Tel|Ph]: {rel.phone}\n[Re|Patient]: {pt.full}, [DOB|born] {dob}\n[Taken|Time]: {clock} {weekday}\n\n{>phone*2-4} {>phone.close}
== doc.chat
{>chat.open}\n{>chat.id#2-4}\n{>chat.body#4-8}\n{>chat.close}
{>chat.body#3-6}\n{>chat.id#1-3}\n{>chat.body#2-4}\n{>chat.close}
[AI|Assistant|Bot|Agent]: [Hello|Hi|Good morning], [thanks for contacting|you have reached|welcome to] {facility}. {-word:How can I help you today?}\n[User|Caller|Patient|Me]: {>chat.user.id}\n[AI|Assistant|Bot|Agent]: Thank you{>chat.addr}. Can you [confirm|verify|give me] your date of birth?\n[User|Caller|Patient|Me]: [sure, |it's |yes |]{dob}\n{>chat.body#3-6}\n{>chat.close}
== doc.email
From: {rel.full} <{rel.email}>\nTo: {dr.full} <{dr.email}>\n[Cc: {rn.email}\n|]Date: [{weekday}, |]{today}\nSubject: {>mail.subject}\n\n{>mail.greet},\n\n{>mail.body*3-5}\n\n{>mail.bye},\n{rel.full}\n{rel.phone}
From: {pt.email}\nTo: {dr.email}\nSubject: {>mail.subject}\n\n{>mail.greet},\n\n{>mail.pt*3-5}\n\n{>mail.bye},\n{pt.first}\n{>mail.sig}
From: {rn.full} <{rn.email}>\nTo: {dr2.full} <{dr2.email}>\nSent: {today} {clock}\nSubject: RE: {>mail.subject}\n\n{dr2.first},\n\n{>mail.staff*3-5}\n\n[Thanks|Thx|Best|Cheers],\n{rn.first}\n\n{rn.rnsig}\n{facility}\n{>contact}\n\n> From: {dr2.full}\n> {>mail.staff}
== doc.form
{>form.title}\n\n{>form.line#9-14}\n\n{>form.contact#2-4}\n\n{>form.insurance#2-4}\n\n{>form.clinical#4-7}\n\n{>form.sign}
{>form.title}\n{>form.pair#6-9}\n{>form.clinical#3-6}\n{>form.sign}
== doc.device
{>hdr.tiny}\n\n{-heading:[Device Check|DEVICE INTERROGATION|Implant Record|Equipment Log]}\n{>device*3-5}\n{>devnum*3-4}\n\n{>plan*2-3}\n{>signature}
== doc.admin
{>admin#6-10}\n{>signature}
{>hdr.tiny}\n{>social.work*5-8}\n{>family*1-2}\n{rn.rnsig}
== doc.log
{>log#12-24}
== doc.lognoise
{>log.clean#6-10}\n{>log#5-9}\n{>log.clean#4-8}
== clean.note
{-heading:[Chief Complaint|CC]}: {>cc}\n\n{>h.hpi}:\n{>n.hpi*4-6}\n\n{>h.meds}:\n{>n.med#4-6}\n\n{>h.exam}:\n{>vitals}\n{>exam*5-8}\n\n{>h.labs}:\n{>n.lab*3-5}\n\n{>h.ap}:\n{>n.plan#4-7}
{>n.hpi*5-8} {>exam*3-5} {>n.lab*2-3}\n\n{>n.plan*4-6}
{-heading:[FINDINGS|Findings]}:\n{>radfind*5-8}\n\n{-heading:[IMPRESSION|Impression]}:\n{>radimp#2-4}
{>n.nurse#6-10}
== clean.guide
{>n.guide*8-14}\n\n{>n.guide*5-9}\n\n{>instructions*4-8}
{-heading:[Clinical Practice Update|Coding Notes|Order Set Review|Medication Safety Bulletin]}\n\n{>n.code*6-10}\n\n{>n.guide*4-7}
== clean.dialogue
{>n.chat#8-14}
== clean.log
{>log.clean#12-20}
== prose
{>p*8-14}\n\n{>p*6-10}
{>p*5-7}\n\n{>p.chat#5-8}\n\n{>p*5-8}
