// Sentences without any identifier; documents made only of these count false positives.

== n.hpi
The patient [is|remains] a {-age:[34|47|58|63|71|86]}[-year-old| y/o|yo] [man|woman] with {>w.dx} [and|,] {>w.dx} [for|x] {dur}.
[He|She] [denies|reports] {>w.sx}, {>w.sx}, and {>w.sx}.
[Pain|Discomfort] is {pain}, [better|worse] [at night|after meals|with activity], [radiating to the left arm|without radiation].
[Diagnosed|First noted] in {year}, [treated with|managed on] {drug} {dose} {freq}.
[May|Will|Could] [benefit from|need] [long term|short term] {drug}; [may|will] reassess in {dur}.
[History|Hx] of {eponym}, {eponym} [and|, remote] {>w.proc} in {year}.
[Grew up|Born] in {country}, came to {statename} in {year}[, works as a cook|].
[Quit smoking|Stopped drinking] in {year}; {-number:[20|35] pack-years}. {-number:1-2 drinks} [per week|on weekends].
[Had|Underwent] {>w.proc} [{dur} ago|in {year}], {stage}.
Home [pressures|readings] [run|average] {bp}, [weight|wt] {wt}, [sugars|glucose] {labval} to {labval}.
[Patient|Pt] [was|is] [accompanied by|with] [wife|husband|daughter|mother|a home aide].
[Rose|Woke] at {clock} with {>w.sx}, [took|tried] {drug} {dose} x {order}.
[Last visit|Seen] {dur} ago, [A1c|INR] was {labval}. [Overdue|Due] for [mammogram|eye exam|flu shot].
[Will|May] [feels|feel] [faint|weak] when [standing|walking] {-word:long} distances.
The [symptoms|episodes] last {dur}, {numword} times [a week|daily], since [spring|last winter|{year}].
[No|Negative for] [fever|chills], {-number:10-point} review otherwise negative.
[Grade|Level] {pain} pain, [{score}|{score}], [{stage}|].
== n.med
{drug} {dose} [PO |IV |]{freq}
- {drug} {dose} {freq} [(disp #{count})|x {dur}|]
{order}. {drug} {dose}, {frac} tab {freq}
{drug} ({ndc}) {dose} {freq}, {lot}
== n.lab
{lab}, {lab}, {lab}.
[CBC|BMP|CMP|Labs]: {lab}, {lab}, {lab}, {lab}.
{lab} (ref {labrange}), {lab} [H|L|] [previously {labval}|].
[Culture|Cx]: [no growth x {dur}|{-eponym:E. coli}|{-eponym:Staph aureus}|titer {ratio}].
ABG 7.{-number:29}/52/71/25 on {o2}.
[LOINC|Code] {loinc}: {labval} ({labrange}); {loinc}: {labval}; SNOMED {snomed}.
[Trend]: {labval} -> {labval} -> {labval} over {dur}.
{gene} [positive|not detected], VAF {percent}.
== n.plan
{order}. {>w.dx}: [start|continue|increase] {drug} {dose} {freq}.
- [Check|Repeat] {lab} in {dur}; [goal|target] {labrange}.
- {eponym} [workup|screening] [next visit|in {dur}].
- [Refer|Referral] to [Cardiology|Physical Therapy|Neurology|Pain Clinic] for {>w.proc}.
- [Will|May] [consider|add] {drug} if BP > {bp}.
- [Return|RTC] in {dur} [or sooner|]. [Call|Go to ED] for {>w.sx}.
- [Counseled|Educated] on [diet|exercise|{-eponym:Kegel exercises}|{-eponym:Epley maneuver}], {-number:25 minutes}.
- Billing: {cpt}, {icd}, {icd}[, {hcpcs}|]; [level|MDM] {order}.
- [PT|OT] {numword} times weekly x {dur}; [WBAT|NWB].
- {drug} ({ndc}): {frac} tab, then {dose} {freq}.
== n.nurse
[pt|Pt] a&o x3, VS {bp} {hr} {rr} {temp} {spo2} [RA|{o2}], pain {pain}.
{-eponym:Foley} {gauge} draining, UOP {-number:300 cc}. {-eponym:Jackson-Pratt drain} {-number:20 mL}.
[turned|repositioned] q2h, {-eponym:Hoyer lift} x {-number:2}, {score}, {score}.
medicated w/ {drug} {dose} @ {clock}, [relief|eff] {pain}.
[md|MD] [aware|notified] {clock}, no new orders. [daughter|family] at bedside.
IV {gauge} [L FA|R AC], {-eponym:Ringer's lactate} @ {-number:100/hr}.
wound {size} [sacrum|R heel], {frac} granulation, [4x4|{-number:2x2}] dsg changed.
[BG|FSBS] {labval}, {-number:4} units [given|sq]. tol {frac} diet.
to [CT|OR] @ {clock}, back {clock}, {o2}. {room}.
{-eponym:Bair Hugger} on, temp {temp}, [warm|cool] to touch.
[Grace|Will] period: [may|will] [hold|give] {drug} x {dur}.
== n.guide
For [adults|patients] aged {-age:18} to {-age:[65|75|89]}, [start|begin] {drug} {dose} {freq} for {dur}.
[Target|Goal] BP is below {bp}; [A1c|LDL] below {labval} (ref {labrange}).
[The|A] {eponym} [is|may be] [positive|absent] in {percent} of cases; ratio {ratio}.
[See|Refer to] [section|table|figure] {-number:[2.3.1|4.10|12.4]}, {pages}, {ver}.
{score} [suggests|indicates] {stage} [disease|risk]; repeat in {dur}.
In {years}, [rates|use] [rose|fell] [by|to] {percent} in {statename}, {statename} and {country}.
[Trial|Study] {nct} ({year}) [compared|tested] {drug} {dose} and {drug} {dose} in {-number:1,204} patients.
{eponym}, {eponym} and {eponym} [should be|are] considered [early|in the differential].
[Maintain|Keep] [head of bed|bed] at {-number:30-45 degrees}; {-eponym:Fowler's position} [may|will] help.
[Dilute|Mix] {drug} {dose} in {-number:250 mL} NS; [infuse|run] over {dur}; {gauge}.
[Store|Discard] {lot} [after|within] {dur}. [Do not|Never] exceed {dose}.
The [Glasgow|Braden|Norton|Apgar] scale [ranges|runs] from {-number:[3 to 15|6 to 23|5 to 20|0 to 10]}.
[Children|Neonates] [at|under] {gest}: {dose}; {gpa} [shorthand|notation] is explained [below|overleaf].
[Screening|Vaccination] [may|should] [begin|start] at age {-age:[45|50|65]} and [end|stop] at {-age:[74|75|85]}.
== n.code
[Use|Report] {cpt} with {icd} [and|or] {icd}; [do not|never] report {cpt} and {cpt} together.
[System|Code system] {uri} [carries|defines] {loinc}, {loinc} and {loinc}.
SNOMED CT {snomed} maps to {icd}[; see OID {oid}|]. RxNorm {rxnorm} is {drug} {dose}.
[OID|Root] {oid} [identifies|names] [the value set|LOINC|RxNorm], [not a patient|see {uri}].
NDC {ndc} ({drug} {dose}, {lot}) [replaces|supersedes] {ndc}.
HCPCS {hcpcs}, modifier {-code:[25|59|LT|RT]}, units {order}, {money}.
[Profile|StructureDefinition]: {uri} [version|] {ver}.
[Interface|Engine] {ver} [listens on|port] {port}; HL7 [version|v]{-number:[2.5.1|2.3|2.8]}.
[Order set|Protocol|Policy] {-number:[1042|77-B|12.3]} [replaces|updates] {ver}.
{gene} {percent}; {gene}; {gene} ([c.|p.] notation, HGVS {ver}).
== n.chat
{-speaker:Patient}: [Hello|Hi there|Good morning], I have had {>w.sx} for {dur}.
{-speaker:Patient}: [It is|Maybe] {pain} [at night|in the morning]. [Will it|May it] go away?
{-speaker:Patient}: I [take|took] {drug} {dose} {freq} [and|but] it [may|will] [hurt|upset] my stomach.
{-speaker:Patient}: [My sugar was|It read] {labval} this morning and BP {bp}.
{-speaker:Patient}: [Thanks|Thank you], [Doctor|that helps]. [I will|I may] try [that|it].
{-speaker:Patient}: [Do I need|Is it] {eponym}?
{-speaker:Doctor}: [Hello|Good afternoon]. [How long|Since when] have you had [that|it]? {dur}?
{-speaker:Doctor}: [Let us|We will] check {lab}, [then|and] start {drug} {dose} {freq}.
{-speaker:Doctor}: [It is|This is] not {eponym}. [Rest|Ice it] for {dur}.
{-speaker:Doctor}: On a scale of {-number:0 to 10}? [Does it|Any] [radiate|swell|numbness]?
{-speaker:Nurse}: [Temp|Your temp] is {temp}, BP {bp}, [weight|wt] {wt}.
{-speaker:Nurse}: [Take|Use] {frac} tab with [food|water]. [Call|Come] back in {dur}.
{-speaker:Assistant}: [I can|Happy to] help. [Is|Was] this [about|for] a refill, a result, or {-word:billing}?
{-speaker:Assistant}: [Please|You can] [call your clinic|use the nurse line] if {>w.sx} [worsens|lasts {dur}].
{-speaker:Clinician}: [Good|Great]. [May|Can] I [listen|look]? [Breathe|Say ah]. {-word:Mark} it [on|in] the diary.
== p
The patient reports feeling better and is eager to resume light activity around the house.
[He|She] denies [chest pain|nausea|dizziness], [shortness of breath|vomiting|visual change], or [palpitations|fever|weakness] and [is eating|is sleeping|has been resting] well.
[Lungs|Breath sounds] are clear [to auscultation|on both sides] without [wheezes|rales|rhonchi], and the [heart|rhythm] is regular [without murmur|with no gallop].
[Abdomen|Belly] is soft [and nontender|without guarding], with [normal|active] bowel sounds in all quadrants.
We [discussed|reviewed] the [risks|benefits|side effects] of [treatment|therapy|surgery] and [alternatives|options], and the patient [agreed|wishes to think it over|will let us know].
[Continue|Resume] [home medications|current therapy] and [follow up|return] [as needed|in the coming weeks|if symptoms return].
[No|There is no] evidence of [infection|bleeding|deep vein thrombosis|acute ischemia] [at this time|on examination today].
[Gait|Balance] is [steady|slow but steady], [strength|power] is full, and [reflexes|sensation] [are|is] [intact|symmetric].
The [incision|wound] is [clean|dry] and [intact|healing well] [without|with minimal] [drainage|redness|swelling].
[Family|The daughter|The son] was [updated|present] and [had|expressed] no [further questions|concerns] about the [plan|discharge].
[May|Will] [advance|increase] activity [slowly|as tolerated]; avoid [heavy lifting|driving|alcohol] while taking [pain medication|sedatives].
[Consider|Recommend] [outpatient|further] [imaging|cardiac evaluation|physical therapy] [should|if] the [pain|symptoms] [persist|worsen].
[Past history|History] is [notable for|significant for] {>q.dx}, {>q.dx}, and {>q.dx}.
[Crohn's disease|Parkinson disease|Bell's palsy|Graves disease] was [considered|discussed] but [felt|thought] to be unlikely.
The [Foley catheter|drain|central line] was [removed|left in place] without [difficulty|incident], and [urine|output] remained clear.
[Mood|Affect] is [bright|flat|anxious], thought process is [linear|goal directed], and [judgment|insight] [is|seems] [good|fair].
[Skin|The skin] is warm and dry [without rash|with good turgor]; [mucous membranes|conjunctivae] are [moist|pink].
[Nutrition|Dietary] [was consulted|gave advice] about [a low salt diet|carbohydrate counting|protein intake].
The [chest film|radiograph|scan] [shows|demonstrates] [no|mild] [acute process|atelectasis|congestion], [unchanged|improved] from before.
[Medication|Drug] [reconciliation|review] was [completed|done], and [duplicates|errors] were [corrected|removed] from the list.
[Hope|Grace|Faith] and patience were themes of a long conversation with the chaplain about [comfort|goals of care].
[Will|May] need [long term|chronic] [anticoagulation|oxygen|insulin] [pending|after] [specialist|further] review.
== q.dx
hypertension
high cholesterol
diabetes
gout
asthma
arthritis
anemia
reflux
migraine
hypothyroidism
chronic kidney disease
sleep apnea
heart failure
== p.chat
Patient: [Hello|Good morning], I wanted to ask about my [medicine|results|appointment].
Patient: It [hurts|aches] when I [walk|bend|climb stairs], but [rest|heat|ice] helps a little.
Patient: [Will|May|Should] I [stop|take|skip] it before the [test|visit]?
Doctor: [That sounds|It sounds] [reasonable|uncomfortable]. Tell me more about [the pain|your sleep|your diet].
Doctor: We [may|will] [change|lower|stop] the [dose|tablet], and then see how you feel.
Nurse: [Please|Remember to] drink [plenty of|enough] water and [rest|walk] [every day|when you can].
Assistant: I am sorry to hear that. [Would you like|Shall I help you] to [send a message|find a time]?
