// Sentences with identifiers among clinical content.

== cc
[{>w.sx}|{>w.sx} and {>w.sx}|{>w.sx} x {dur}|worsening {>w.sx}|follow up of {>w.dx}|{>w.dx}].
"[my chest hurts|I can't catch my breath|I fell again|the pain is back|feeling dizzy]"
[Evaluation|Management] of {>w.dx}.
== hpi.open
{pt.title} is a {age}[-year-old| year old|-yo| y/o|yo| y.o.] {man} [with a history of|with PMH of|who has known] {>w.dx} [presenting with|who presents with|here for] {>w.sx} [for|x] {dur}.
{pt.full} is a [pleasant|very pleasant|frail|delightful|] {age}[-year-old| year old] {male} [referred by {dr2}|sent from {facility2}|who I last saw on {date}|brought in by {his} {role}] for {>w.sx}.
This {age}[-year-old| yo|yo] {male} was [in {his} usual state of health|doing well] until {md}, when {he} [developed|noticed] {>w.sx}.
{age} y/o {sex} [h/o|w/ h/o|with] {>w.dx}, {>w.dx} p/w {>w.sx} since {mdslash}.
I had the pleasure of seeing {pt.titlefull} [today|in clinic|on {date}] [for|regarding] {>w.dx}.
{pt.first} [{pt.last}|] is [now |]{age} [years old|years of age] and comes in with {his} {role}, {rel.full}, because of {>w.sx}.
The patient, {pt.full}, [aged|age] {age}, [transferred from|came from] {anyfacility} on {date} [with|because of] {>w.sx}.
{pt.last} is a {age}[-year-old|yo] [retired teacher|farmer|bus driver|nurse|veteran|homemaker] [from {hometown}|of {hometown}|] [with|c/o] {>w.sx} [x|for] {dur}.
{pt.title} [celebrated|had] {his} {age}[th|] birthday [last month|recently] and feels well apart from {>w.sx}.
== hpi
The [pain|discomfort|symptom] is [rated|graded] {pain}, [worse at night|worse with exertion|better with rest] and [lasts|has lasted] {dur}.
{He} was [seen|evaluated|treated] at {facility2} on {date} [by {dr2}|] and [started on|given] {drug} {dose}.
[On|Back on] {md} {he} [called the office|went to urgent care|passed out at home|had a fall] [and|then] [was told to come in|took {drug} {dose}|was found by {his} {role}].
{pt.title} [denies|reports no|has had no] {>w.sx}, {>w.sx}, or {>w.sx}.
{pt.first} [says|states|tells me] {he} [takes|has been taking] {drug} {dose} {freq} [since {oldmy}|since {year}|].
Symptoms [began|started] [in {my}|on {date}|around {md}|about {dur} ago] [after|following] [a trip to {country}|a cold|yard work|moving from {hometown}].
{He} {maymight} [need|benefit from|tolerate] {-word:a} [higher dose|different agent] of {drug}; [currently|now] on {dose} {freq}.
Per {dr2}'s note [of|from|dated] {date}, [EF was 35-40%|A1c was 8.1|creatinine peaked at 2.4|the lesion measured {size}].
[Outside records|Records] from {anyfacility} [show|document|mention] {>w.dx} [diagnosed in {year}|treated with {drug}|({icd})].
[Last|Most recent] [colonoscopy|echo|mammogram|MRI|stress test] was [on {date}|in {my}|in {year}] [by {dr3}|at {anyfacility}|] [and was normal|with {-eponym:Bell's palsy} noted incidentally|and showed {>w.dx}].
{pt.last} [tolerated|did well on] {drug} {dose} [but|although] {he} [stopped|discontinued] it [after {dur}|on {mdslash}|due to {>w.sx}].
[Spoke with|Discussed with|D/w] {dr2} [who|- he] [agrees with|recommends] {drug} {dose} [and|plus] {eponym} [workup|evaluation].
[Review of|On review of] the chart: {>w.dx} ({icd}), {>w.dx} [since|from] {year}, {eponym} [ruled out|in {year}].
{rel.first}, {his} {role}, [reports|states|adds|confirms] that {he} [has been|was] [confused|sleeping poorly|not eating] [since {md}|for {dur}|since {holiday}].
In {year} {he} underwent {>w.proc} [complicated by {>w.dx}|without complications|under {dr3}].
{pt.nick} [feels|is feeling] [{-number:100%}|about {percent} better|fine] [today|this week], [pain|fatigue] [down to|now] {pain}.
[No|Denies] [sick contacts|recent travel|fever], though {he} [visited|returned from] {country} [{dur} ago|in {year}|].
[BP at home|Home readings] [runs|run] {bp} to {bp}; [glucose|sugars] {labval}-{labval} [before meals|fasting].
The patient [may|will|might] have {eponym}; {-word:will} [hold|await] [testing|antibodies ({ratio})].
{He} [lives|resides] [alone|with {his} {role} {rel.first}|] [at {pt.street}|in {pt.city}|in {pt.city}, {pt.state}|on {pt.street} in {pt.city}].
[Was|Had been] [admitted|hospitalized] {date} to {date} at {facility2} [for|with] {>w.dx}.
{pt.title}'s [{role}|caregiver] [called|phoned] on {md} from {rel.phone} [about|regarding] {>w.sx}.
[Appetite|Sleep] [{frac} of usual|is poor], weight [down|up] [{-number:4 kg}|{-number:10 lb}] [over|in] {dur}, now {wt}.
[Symptom onset|Onset] {isodate}, [ED visit|seen in ED] {mdslash}[, re-presented {mdslash}|].
{pt.first}'s [INR|potassium|glucose] was [checked|drawn] on {date} and was {labval} ({-heading:ref} {labrange}).
Former [smoker|drinker], quit in {year}, {-number:30 pack-years}; [drinks|has] {-number:1-2 drinks} [weekly|on {weekday}].
{pt.last} and {dr} [agreed|decided] on {date} to [stop|continue|taper] {drug}.
{He} [brings|brought] a letter from {dr3.full} [dated {date}|of {facility2}|] [recommending|about] {>w.proc}.
== ros
{-heading:[Constitutional|General]}: [no fever|fatigue|weight loss of 5 lb].
{-heading:CV}: [no chest pain|palpitations {frac} nights|orthopnea, {-number:2 pillows}].
{-heading:GI}: [no nausea|constipation x {dur}|{-number:3-4 loose stools} daily].
{-heading:Neuro}: [no headache|numbness in {-number:4th and 5th} digits|{eponym} in childhood].
[Otherwise|Remaining] {-number:10-point} ROS negative.
== pmh
{>w.dx} [diagnosed|dx] [{year}|in {year}|{oldmy}|{dur} ago].
S/p {>w.proc} [{year}|in {oldmy}|on {olddate}|by {dr3}|at {anyfacility}].
{eponym} [({year})||, stable|, followed by {dr3}].
{>w.dx}, [{stage}|well controlled|on {drug}].
[Hospitalized|Admitted] at {anyfacility} {oldmy} [for {>w.dx}|].
{>w.dx} ({icd})[, last seen by {dr2} {date}|, {score}|].
[OB|Obstetric]: {gpa}, [last delivery {year}|{gest} at delivery].
== medline
{drug} {dose} [PO |IV |SC |]{freq}
- {drug} {dose} {freq}[, last filled {mdslash}|, started by {dr2}|]
{order}. {drug} {dose} [by mouth|under the tongue] {freq}
* {drug} {dose} [tab|cap] {frac} [tab|cap] {freq} [#{count}|disp {count}, {order} refills|]
{drug} ({ndc}) {dose} {freq}
{drug} {dose} - [hold for SBP < 100|taper over {dur}|d/c'd|PRN pain > {frac}]
== vitals
[VS|Vitals|Vital signs|VITALS]: [BP ]{bp}, [HR|P|pulse] {hr}, [RR|R|resp] {rr}, [T|Temp|T] {temp}, [SpO2|O2 sat|sats] {spo2} [on {o2}|RA|].
BP {bp} | HR {hr} | RR {rr} | Temp {temp} F | SpO2 {spo2} | Wt {wt}
T {temp} P {hr} R {rr} BP {bp} [pain|Pain] {pain} [wt|Weight] {wt} [BMI {bmi}|]
[Afebrile|AF], {bp}, {hr}, {rr}, {spo2} [{o2}|RA], [I/O|I&O] {-number:1450/1200}
== exam
{-heading:[General|Gen]}: [alert|NAD|A&O x 3|frail appearing], [BMI {bmi}|comfortable|{score}].
{-heading:HEENT}: [PERRL 4 to 2 mm|visual acuity {frac} OD, {frac} OS|MMM], [no {eponym}|oropharynx clear].
{-heading:[Cardiac|CV|Heart]}: RRR, [{frac} systolic murmur|no m/r/g|JVP {size}], [S1 S2|pulses 2+].
{-heading:[Lungs|Pulm|Chest]}: [clear bilaterally|crackles 1/3 up|{o2}|wheezes R > L].
{-heading:[Abdomen|Abd]}: soft, NT/ND, [negative {-eponym:Murphy's sign}|no {-eponym:McBurney's point} tenderness|liver {size} below margin].
{-heading:[Extremities|Ext]}: [strength {frac} throughout|1+ edema|{eponym} absent|negative {-eponym:Homans sign}].
{-heading:Neuro}: [CN II-XII intact|reflexes 2/4|{eponym} negative|strength {frac} RUE, {frac} LUE|{score}].
{-heading:Skin}: [{size} lesion on the left arm|warm, dry|stage 2 ulcer {size}|no rash].
{-heading:MSK}: [positive {-eponym:Lachman test}|tender at {spine}|ROM 0-120 degrees|{-eponym:Phalen test} positive].
{-heading:Psych}: [mood 4/10|{score}|affect flat|oriented x 3].
{-heading:Lines}: [{-eponym:Foley catheter} {gauge}|{gauge} PIV L AC|{-eponym:Hickman line} intact|{-eponym:Jackson-Pratt drain} 40 mL].
== labline
{lab}, {lab}, {lab}.
[CBC|BMP|CMP|Labs] [{mdslash}|today|from {date}|]: {lab}, {lab}, {lab}, {lab}.
{lab} (ref {labrange}), {lab} [H|L|] [previously {labval}|].
[Culture|Cx] [from {md}|{mdslash}|]: [no growth x {dur}|{-eponym:E. coli} > 100,000 CFU|titer {ratio}].
[ABG|VBG]: 7.{-number:31}/48/82/24 on {o2}.
[Path|Pathology|Biopsy] ([accession|case|acc#|specimen] {accession}): {>w.dx}, {stage}, {gene} [positive|negative].
[Specimen|Sample] {accession} [collected|received] {date}: {lab}, {lab}.
[LOINC|Test code] {loinc}: {labval} [{labrange}|]; {loinc}: {labval}.
[Trend|Trending]: {labval} -> {labval} -> {labval} over {dur}.
== assess
{>w.dx} ({icd}), [{stage}|improving|worsening], [likely|r/o] {eponym}.
{age} y/o {male} with {>w.dx} [and|plus] {>w.sx}, {score}.
[Impression|Overall]: {pt.title} has [probable|possible] {eponym}[, seen by {dr2} {mdslash}|].
{>w.dx}: {lab}, [stable since {year}|on {drug} {dose}].
{pt.first} [is|remains] [high|low] risk ({score}).
== plan
{order}. {>w.dx}: [start|continue|increase|stop] {drug} {dose} {freq}.
{order}. [Check|Repeat|Recheck] {lab} in {dur}; [goal|target] {labrange}.
- [Refer|Referral] to {dr2} [at {facility2}|for {eponym} evaluation|, {-heading:Cardiology}|] [({dr2.phone})|, fax {dr2.fax}|].
- [Discussed|Reviewed] [plan|results] with {rel.full} ({role}) [by phone at {rel.phone}|on {md}|].
- [Schedule|Book] {>w.proc} [on {future}|for {mdsoon}|with {dr3}|in {dur}].
- {drug} {dose} {freq} x {dur}, [disp #{count}|{order} refills], [NDC {ndc}|lot n/a].
- [Will|May] [consider|try] {drug} if [BP > {bp}|pain > {frac}|no better in {dur}].
- [Orders|Codes]: {cpt}, {icd}[, {hcpcs}|].
- {-eponym:Foley catheter} out [today|{mdsoon}|in AM]; [void trial|bladder scan] [q6h|at {clock}].
- [DVT ppx|GI ppx]: {drug} {dose} {freq}. [Code status|Code]: [full|DNR/DNI].
- {dr} to [call|update] {pt.title} [at {pt.phone}|] [with results|by {mdsoon}].
- [Prior auth|PA] [submitted|sent] [to plan|], [member|member ID] {member}, [ref|reference|case] {subject}.
- [Weight-bearing|PT/OT] {numword} times [a|per] week x {dur}; {-eponym:Hoyer lift} for transfers.
- [Trial|Study]: [consented|enrolled] as subject {subject} ({nct}) on {date}.
== followup
[Follow up|F/u|RTC|Return] [with {dr}|in clinic|with {dr2} at {facility2}] [on {future}|in {dur}|{mdsoon}|in {-number:6} weeks].
[Next|Follow-up] [appointment|appt|visit] [{future}|on {mdsoon}|is {weekday}, {future}] at {clock} [with {dr2}|].
[Call|Contact] {dr.phone} [for|with] [questions|fever > 101.5|worsening {>w.sx}].
{pt.title} [will|is to] [see|return to see] {dr3} [{mdsoon}|on {future}] for {>w.proc}.
[Records|Results|Copy of this note] [faxed|sent] to {dr2} at {dr2.fax}.
Repeat {lab} in {dur}[, results to {dr.email}|].
== family
[Updated|Spoke with|Called|Met with] [pt's |]{role} {rel.first} [at {rel.phone}|by phone|at bedside|{clock}].
{rel.full} ({role}[, HCPOA|, NOK|]) [can be reached at|phone|cell] {rel.phone}.
{His} {role}, {rel.titlefull}, [lives|resides] in {rel.city} [and|] [agrees with plan|will pick up {his} meds|visits on {weekday}].
{role} {rel.first} and {role2} {rel2.first} [present|at bedside|on the phone].
[Family|{rel.first}] [requests|asks for] [a chaplain|{-word:hope} and comfort|transfer to {anyfacility}].
{His} {role} is {rel.nick}; [dog|cat] at home.
Left message for {rel.first} {rel.last} at {rel.phone} {mdslash} {clock}.
{rel.nick} [was|is] [tearful|upset|at work until {clock}].
== famhx
[Mother|Father|Brother|Sister] [died|deceased] at {-number:[54|61|72|88|47]} of {>w.dx}.
[Father|Mother] [with|had] {eponym}, [onset|dx] age {-number:[40|55|63]}.
[Maternal grandmother|Grandfather] [lived to|died at] {+age:[92|95|98|101]}[ years of age|].
{pt.first}'s {role} {rel.first} [has|was diagnosed with] {>w.dx} [in {year}|].
[No|Negative] [FH|family history] of {eponym} or {eponym}. {gene} [negative|not tested].
== social
[Lives|Living] [in|near] {pt.city} [with {role} {rel.first}|alone|since {year}]; [works|worked] at [a school|a mill|the county jail|{anyfacility}] [until {year}|].
[Originally from|Born in|Grew up in] {country}[, moved to {statename} in {year}|, moved to {hometown} in {oldmy}|].
[Moved|Relocated] from {hometown}, {statename} [in {my}|{dur} ago|].
{He} [resides|stays] at {facility2} [since {oldmy}|] ([room|rm] {-room:12}).
[Tobacco|Smoking]: {frac} ppd x {dur}, quit {year}. [EtOH|Alcohol]: {-number:2-3/week}.
[Drives|Driving] [a truck|an old sedan], [plate|license plate|tag] {plate}[, VIN {vin}|].
[Home|Mailing] address [is|on file is|confirmed as] {pt.street}, {pt.city}, {pt.state} {pt.zip}.
[Contact|Reach] [patient|{him}] [by email|via e-mail] at {pt.email} or [cell|text] {pt.cell}.
{pt.title} [retired|stopped working] in {year} after {dur} [in {statename}|].
[Widowed|Married|Divorced] [since {year}|], {-number:[2|3|4]} children, {-word:faith} is important.
[Neighbor|Friend] {rel2.full} [checks on {him}|drives {him}] [every {weekday}|].
EMS [picked up|found] {him} near {gps} [on {md}|].
== social.work
[SW|CM|Case manager] {rn.full} [met with|spoke to] {pt.title} [and {rel.first}|] on {date} [re:|about] [housing|placement|transport].
[Referral|Packet] [faxed|sent] to {anyfacility} ({fax}) [and {anyfacility}|] [on {mdslash}|].
[Benefits|Coverage]: [Medicare|MBI] {mbi}[, Medicaid {policy}|], [effective|eff.] {oldmy}.
[Pt|Patient|Client] [evicted from|must leave] {pt.street} by {future}; [mail|letters] to {rel.address}.
SSN [on file|verified|ends in|last four] {ssn4}; [DL|driver's license] {dl} [expires|exp] {future}.
[Transportation|Ride] [set for|booked] {mdsoon} {clock}, [confirmation|conf. sent to] {pt.cell}.
[APS|CPS] [report|case] [no.|#|number] {subject} [filed|opened] {date} by {rn.last}.
[Immigration|Travel]: passport {passport} [from {country}|], [arrived|entered] {oldmy}.
[Spouse|{role}] {rel.full}, [DOB|born] {rel.dob}, [works|employed] at [a bakery|the post office|a dealership].
[Bank|Direct deposit] [acct|account] {account}, routing {routing}; [pays|rent] {money}.
[PHQ-9|Screen]: {score}; [no|denies] SI. [Plan|Next]: {dur} of [services|therapy].
{He} [hopes|would love] to [return home|move to {hometown}|be near {rel2.first}].
[Application|Form] {ver}, {pages}, [completed|signed] by {pt.full} {mdslash}.
== course
{He} was [admitted to|transferred to] {room} on {date} [under {dr2}|] for {>w.dx}.
[On|By] hospital day {order}, [WBC|creatinine|Hgb] [was|improved to] {labval} [from {labval}|] on {drug} {dose} {freq}.
{dr3} of {-heading:[Cardiology|Neurology|Nephrology|GI]} [was consulted|saw {him}] on {md} and [recommended|advised] {>w.proc}.
{>w.proc} was [performed|done] [on {date}|{md}|by {dr2} on {md}] without complication; EBL {-number:150 mL}.
[Imaging|CT|MRI] [on {mdslash}|] [showed|revealed] {>w.dx}, {size}, at {spine}.
{pt.title} [received|was given] {numword} units PRBC, {drug} {dose} x {dur}, then {drug} {dose} {freq}.
[Extubated|Weaned to room air] [{mdslash}|on {md}], {o2} [overnight|at {clock}].
[Blood cultures|Cultures] [from {mdslash}|] grew {-eponym:Klebsiella}, sensitive to {drug}; [treated|course] {dur}.
[Family meeting|Goals of care discussion] [held|on] {md} with {rel.full} and {rel2.first}; [code status|status] [DNR|full code].
{pt.last} [ambulated|walked] {-number:150 ft} with {-eponym:[Hoyer lift|walker]} and [scored|score] {score}.
{He} {maymight} [require|need] {-word:long} term {drug} ({stage}).
By {mdslash}, {he} was [tolerating diet|afebrile x {dur}] with BP {bp}.
[Pacemaker|ICD|Stent|Prosthesis] [placed|implanted] {date}, [serial number|serial|S/N] {serial}, {lot}.
== dxline
{order}. {>w.dx} ({icd})
- {>w.dx}, {stage}
{>w.dx} [since {year}||, acute on chronic]
{eponym}
== procline
- {>w.proc} [{date}|({cpt}) on {date}|, {dr2}, {mdslash}]
{>w.proc}, {spine}[, {date}|]
== condition
[stable|fair|good|guarded], [A&O x 3|{score}], [ambulating {frac} independently|pain {pain}].
== instructions
[Take|Continue] {drug} {dose} {freq} [with food|for {dur}|until gone].
[Call|Return] if [temperature over 101.5|pain above {frac}|weight up {-number:3 lb} in {dur}].
[No lifting|Avoid lifting] more than {-number:10 lb} for {dur}.
You may [shower|drive] after {dur}. [Keep|Change] the dressing [daily|every {dur}].
[Drink|Limit fluids to] {-number:[6-8 glasses|1.5 L]} [per day|daily]. [Sodium|Salt] under {-number:2 g}.
[Do not|Don't] stop {drug} without asking [us|your doctor].
[Keep|Elevate] the leg up {numword} times a day for {dur}.
== letter.open
[Thank you for|I appreciate] [referring|sending] {pt.titlefull} [to our clinic|] [for evaluation of|regarding] {>w.dx}.
I am [writing|referring] [to you |][regarding|about] {pt.full}, a {age}[-year-old|yo] {male} with {>w.dx}.
[Please see|Kindly review] {pt.title}, whom I [have followed|have known] since {year}, for {>w.sx}.
[It was a pleasure|I enjoyed] [meeting|seeing] {pt.titlefull} and {his} {role} {rel.first} on {date}.
== letter
As you know, {pt.title} [was|had been] [seen|evaluated] by {dr3} at {anyfacility} [in {my}|on {date}].
{His} [current|] medications [include|are] {drug} {dose} {freq} and {drug} {dose} {freq}.
[Recent|Her|His] [labs|studies] [on {date}|] [show|showed] {lab}, {lab} and {lab}.
{pt.first} [lives|resides] [in {pt.city}|at {pt.street}] and [can be reached at|prefers calls at] {pt.phone}.
[My impression|I suspect] is {>w.dx}[, {stage}|]; {eponym} is less likely.
[Insurance|Coverage] is through [Medicare|her plan|his employer] ([ID|member|policy] {member}).
{pt.title} [may|will] [need|require] {>w.proc} [in {dur}|before {future}].
[I have asked|I told] {him} to [call|email] {dr.email} [or {dr.phone}|] if {>w.sx} [recurs|worsens].
[Images|Films] [are|were] sent under accession {accession}[, uploaded to {pt.url}|].
{His} {role}, {rel.full}, [will accompany {him}|is {his} proxy] ({rel.phone}).
== letter.whom
{pt.formal} (DOB {dob}) [is|has been] under my care [since {olddate}|since {year}|] for {>w.dx}.
[This letter|The purpose of this letter is to] [certifies|confirm] that {pt.titlefull} was [seen|treated] on {date} [and may return to work {mdsoon}|].
{pt.title} has an implanted device ([model|type] {-device:A3SR01}, serial {serial}, UDI {udi}).
{pt.title} [owns|drives] a vehicle with [plate|license plate] {plate} [and VIN {vin}|] and [needs|requires] a disabled placard.
[Please excuse|Kindly excuse] {pt.first} from [jury duty|school|work] [from {mdslash} to {mdsoon}|on {date}].
== letter.close
[Please|Do not hesitate to] [call|contact] me at {dr.phone} with any questions.
[I will|We will] see {him} again in {dur}. [Please|Kindly] fax [notes|records] to {dr.fax}.
[Thank you|Many thanks] for [allowing me to participate in|sharing] the care of this [pleasant|kind] [{man}|patient].
[I will|I'll] keep you [posted|informed] [about {pt.title}|of {pt.first}'s progress|].
== nurse
[pt|Pt|patient] [a&o x3|a/o x 4|drowsy but arousable], VS {bp} {hr} {rr} {temp}, pain {pain}[, dr {dr.last} aware|].
[c/o|C/O] {>w.sx} {pain}, [med w/|medicated with] {drug} {dose} [@|at] {clock}, [relief|eff] {pain}.
{-eponym:Foley} {gauge} [patent|draining], UOP {-number:250 cc} q{-number:4}h, [amber|clear].
{-eponym:JP} drain {-number:30 cc} serosang. {gauge} IV [L FA|R AC] [patent|saline locked], [NS @ 75|D5W @ 50].
[md {dr.last}|Dr. {dr.last}|{dr}] [notified|paged|called] [@ {clock}|x2|], [orders rec'd|no new orders|will see pt].
[pt's |]{role} {rel.first} [at bedside|called {clock}|visited], [# |cell |]{rel.phone}.
[turned|repositioned] q2h, {-eponym:Hoyer} to chair x {-number:2} assist, {score}.
[BG|accucheck|FSBS] {labval}, [covered w/|gave] {-number:4} units {-word:humalog} [sq|SC].
[report|handoff] [given to|from|to] {rn.first} [{rn.last}|] RN [@ {clock}|].
[tol|tolerated] {frac} of [diet|lunch|breakfast], [no n/v|nausea x1].
[to|sent to] [CT|OR|dialysis] @ {clock} via stretcher, [back|returned] {clock}[, consent signed by {rel.full}|].
wound {size} [L heel|sacrum], [4x4 dsg|dressing] [c/d/i|changed], [stage 2|granulating].
[ambulated|amb] {-number:50 ft} x2 w/ [walker|gait belt], {o2}, sats {spo2}.
{pt.first} [refused|declined] {drug} {dose}, [states|says] "[no more pills|it makes me sick|I want to go home]".
[mr|ms|mrs] {pt.last} [slept well|restless|up x3] [overnight|this shift].
[id band|armband] [checked|verified] ({pt.last}, {mdslash}), [allergy band on|2 RN check].
pt {pt.last} {pt.first} [dob|DOB] {dob} [transferred|xfer] to {room} [from|per] {room}.
[phoned|called] {anyfacility} [for bed|report], [ph|tel] {phone}, [spoke w/|per] {else.first}.
[belongings|valuables] to {role} {rel.nick}; [wallet w/ DL {dl}|card ending {card4}|ring, glasses].
[seen by|rounds w/] {dr2} and {dr3} [{clock}|], [plan|poss] d/c {mdsoon}.
will cont to [monitor|assess]. {weekday} [labs|cbc] in am.
== device
[Interrogation|Device check] on {date}: battery {percent}, {-number:[AP 12%, VP 88%|lead impedance 480 ohms]}, {model}.
[Pacemaker|ICD|Generator|Insulin pump|CPAP|Implant] [serial number|serial no.|serial|S/N|SN] {serial}[, implanted {olddate}|, {model}|].
UDI[:| ] {udi}.
[Knee|Hip] prosthesis [{size}|], {lot}, [REF 71421352|{model}], UDI {udi}.
[Pump|Monitor] [firmware|software] {ver}, [MAC|MAC address] {mac}, [last sync|uploaded] {md}.
[Home monitor|Phone] IMEI {imei}[, IP {ip}|].
[Glucometer|Loop recorder] [SN|serial #] {serial} [issued|given] to {pt.title} by {rn.full}.
[Uploaded|Report at] {pt.url} [from|by] {ip} [on {isodate}|].
[Identity|Enrollment] verified by [fingerprint|palm vein|voiceprint|retina scan], template [id |ID |#]{biometric}.
== devnum
[Thresholds|Settings]: {-number:0.75 V @ 0.4 ms}, rate {-number:60-130}, mode DDDR.
[Battery|Longevity]: {-number:7.5 years}, {percent}. {ver}.
[Model|Manufacturer model]: {model}, {lot}, [IFU|manual] {ver}.
[Alarms|Events]: {order} [in {dur}|]; AHI {-number:3.2}; leak {-number:24 L/min}.
== admin
[Crash|EMS] report: found at {gps}, vehicle VIN {vin}, [plate|tag] {plate}, {+location:[exit 14 near Miller Creek|the 400 block of Canal Street|Pier 9 boat ramp]}.
[Claim|Invoice]: {pt.full}, [member|member id] {member}, [DOS|date of service] {date}, CPT {cpt}, {icd}, {money}.
[Paid by|Charged] card {card} [on {mdslash}|], [auth ok|{money}].
[Refund|Wire] to IBAN {iban} ([{money}|pending]), [requested|asked] by {pt.title}.
[Statement|Bill] mailed to {pt.address}.
[Login|Portal access] [from|by] {ip} as {pt.user} [at {ts}|{clock}].
[Guarantor|Responsible party] {rel.formal}, [acct|account no.|acct #] {account}, [balance|due] {money}.
[Prescriber|Provider] {dr.sig}, NPI {dr.npi}, DEA {dr.dea}, [state lic|license] {dr.license}.
[Call log|Called] {pt.phone} {mdslash} {clock}, {dur}, [left voicemail|no answer].
[Visitor|Parking] [plate|tag] {plate}, [vehicle|car] VIN {vin}, [pass|permit] {order} [days|].
[Check-in|Kiosk] [fingerprint|palm scan|face] template {biometric} [matched|enrolled] {percent}.
[Case|Ticket] {subject}: {rel.full} [{rel.email}|{rel.phone}] [asks|asked] [about {pt.first}'s bill|for records].
Code {cpt}-{-code:25}, {hcpcs}, {icd}, units {order}, {money}; [policy|form] {ver}.
[Appeal|Denial] [re|for] {drug} {dose} ({ndc}), [criteria|section] {-number:4.2.1}, {pages}.
[Verified|Eligibility] [Medicare|MBI] {mbi} [active|termed] {oldmy}.
== radhdr
{facility}\n{-heading:[DIAGNOSTIC IMAGING REPORT|Department of Radiology|RADIOLOGY]}\n[PATIENT|Patient Name]: {>pt.header}\nDOB: {dob}   [MRN|MR]: {mrn}\n[ACCESSION|Accession #|ACC]: {accession}\n[EXAM DATE|Date of exam]: {date}\n[REFERRING|Ordering]: {dr2.sig}
[Name|Patient]: {pt.lastfirst}  [ID|MRN]: {mrn}  [Acc|Acc No]: {accession}\nExam: {date} {clock}   Ref: {dr2.finit}
== radexam
[CT head without contrast|MRI lumbar spine|XR chest 2 views|US abdomen|CTA chest|XR right knee 3 views|MRI brain w/wo contrast|mammogram bilateral] [({cpt})|]
== radhist
{age} [y/o|year old] {male}. {>w.dx}. [Per {dr2}.|]
== radcompare
[None.|{date}.|CT {date} from {anyfacility}.|Chest radiograph dated {date}, accession {accession}.|MRI {my}.]
== radtech
[{-number:5 mm} axial images|{-number:2} views|multiplanar T1 and T2], [{-number:100 mL} contrast|no contrast|{-number:10 mCi} FDG], [{-number:120} kVp|{-number:1.5} T|DLP {-number:812}].
== radfind
[{size} nodule|{size} lesion|{size} cyst] in the [right upper lobe|left kidney|segment {-number:7}|left breast at {-number:2 o'clock}], [series 4 image 32|stable since {year}|unchanged].
[Disc bulge|Mild stenosis|Retrolisthesis] at {spine}, [canal {size}|grade 1].
[Heart size|Cardiothoracic ratio] [normal|{-number:0.48}]. [No|Small] [effusion|{-eponym:Kerley B lines}].
[Liver|Spleen] {size}. [CBD|Aorta] {size}. [No|Mild] hydronephrosis.
{-eponym:[Baker's cyst|Schmorl's node|Hill-Sachs lesion|Bankart lesion|Hounsfield 35]} [measuring {size}|noted|absent].
[Midline shift|Ventricles] [{size}|none|normal for age {-number:67}].
[Tube|Line] tip {size} above carina. [Impella|{-eponym:Swan-Ganz catheter}] in place.
== radimp
[No acute abnormality|{>w.dx}|{size} nodule, {-eponym:Fleischner} follow up in {dur}|{-eponym:Salter-Harris II fracture}|BI-RADS {-number:2}|Lung-RADS {-number:4A}].
[Stable|Interval increase in] {size} [lesion|mass], {stage}.
[Degenerative change|Stenosis] at {spine}, [mild|{eponym}].
== radcall
[Findings|Critical result] [discussed with|called to|communicated to] {dr2} [at {clock}|by {dr} at {clock} on {date}|via phone {dr2.phone}].
[Read back|Verified] by {rn.rnsig} {clock}.
{-number:[Radiation dose 3.2 mSv|CTDIvol 12.4 mGy]}.
== radsign
[Dictated by|Read by|Interpreted by]: {dr.sig}\n[Signed|Finalized]: {today} {clock}
[ELECTRONICALLY SIGNED|Report signed] {dr.sig} {today}
