// Chats, phone messages, e-mail.

== chat.open
{-speaker:[Agent|Nurse|Front desk]}: [Hello|Hi|Good afternoon], [you've reached|this is] {facility}[, {rn.first} speaking|]. [How can I help|May I have your name]?\n{-speaker:[Patient|Caller]}: {>chat.user.id}
{-speaker:Patient}: [hi|hello|hey], {>chat.user.id}\n{-speaker:[Nurse|Assistant]}: [Hi|Hello] {pt.first}, [this is {rn.first}|I'm {rn.full}], [what's going on|how can I help]?
{rn.first}: [Hi|Hello] {pt.title}, [{dr}'s office|{facility}] here.\n{pt.first}: [hi|yes, this is {pt.first}|speaking]
[{logdate}|{clock}] {pt.full}: {>w.sx} again since {md}\n[{logdate}|{clock}] {rn.full}: Sorry to hear that {pt.first}. {>chat.nurse.ask}
Doctor: [Come in|Good morning], [{pt.title}|{pt.first}]. I'm {dr}.\nPatient: [Hi|Morning] [Doctor|Dr. {dr.last}|doc].
== chat.addr
, {pt.first}
, {pt.title}
 {pt.first} {pt.last}
== chat.user.id
[my name is|I'm|this is|I am] {pt.full}
[my name is|I'm] {pt.lower}[ and i need a refill|, born {dob}|]
It's {pt.first}. {pt.first} {pt.last}. [That's spelled|Spelled] the usual way.
[I'm calling for|calling about] my {role} {rel.full}[, {his} chart is {mrn}|]
[hi its|its] {pt.nick} {pt.last}, {>w.sx} [again|since {md}]
{pt.last}, {pt.first}.
[everyone calls me|call me|I go by] {pt.nick}
== chat.id
{-speaker:[Patient|Caller|User]}: [My date of birth is|DOB|I was born|born on] {dob}.
{-speaker:[Patient|Caller|User]}: [my number is|you can call me at|call me back on|cell is] {pt.phone}
{-speaker:[Patient|Caller|User]}: [email is|send it to|my email:|it's] {pt.email} [please|]
{-speaker:[Patient|Caller|User]}: {pt.emailwords}[, all lowercase|]
{-speaker:[Patient|Caller|User]}: [I live at|address is|it's|we moved to] {pt.street}, {pt.city}[, {pt.state} {pt.zip}| {pt.zip}|]
{-speaker:[Patient|Caller|User]}: [my social is|SSN is|social security number] {ssn}
{-speaker:[Patient|Caller|User]}: last four of my social [is|are] {ssn4}
{-speaker:[Patient|Caller|User]}: [Medicare number|my medicare card says|the card says Medicare ID] {mbi}
{-speaker:[Patient|Caller|User]}: [member id|insurance id is|the ID on my insurance card is] {member}
{-speaker:[Nurse|Agent|Assistant]}: [I see|I have] {pt.full}, [DOB|born] {dob}, [MRN|chart number] {mrn}. [Correct|Is that right]?
{-speaker:[Patient|Caller|User]}: [yes and|also] my {role} {rel.first} [can talk to you|has access], [his|her] number is {rel.phone}
{-speaker:[Patient|Caller|User]}: I [saw|see] {dr} [on {md}|at {facility2}|last {weekday}] and {dr2} before that
{-speaker:[Patient|Caller|User]}: card [number|#] is {card}
{-speaker:[Nurse|Agent|Assistant]}: [Pharmacy|Your pharmacy] [fax|FAX] is {fax}, [phone|tel] {phone}, [right|correct]?
{-speaker:[Patient|Caller|User]}: my pump [serial number|serial|S/N] is {serial}
{-speaker:[Patient|Caller|User]}: [username|user name|login] {pt.user}, [can't get in|locked out since {mdslash}]
{-speaker:[Patient|Caller|User]}: [I'm|im|I am] {age} [years old|yrs old|now], [turned {age} on {md}|born in {hometown}]
{-speaker:[Nurse|Agent|Assistant]}: [Here is|Use] your link: {pt.url} [(expires in {dur})|]
{-speaker:[Patient|Caller|User]}: zip is {pt.zip}, [apartment in|I'm in] {pt.city}
{-speaker:[Patient|Caller|User]}: [account|acct] number [on the bill|] {account}
== chat.nurse.ask
[How bad|On a scale of {-number:1-10}, how bad] is it?
[Any|Do you have] {>w.sx} or {>w.sx}?
[Did you take|Are you still on] {drug} {dose}?
[Since|When] did it start? [Can|May] I call [you|{rel.first}]?
== chat.body
{-speaker:Patient}: [it's|about] {pain} [right now|today], [worse|better] than {weekday}
{-speaker:Patient}: [I took|took] {drug} {dose} at {clock} [and {frac} tab at {clock}|]
{-speaker:Patient}: my [bp|blood pressure] was {bp} and sugar {labval}
{-speaker:Patient}: [will|may|can] I [drive|eat|shower] before [the test|Monday|my visit on {mdsoon}]?
{-speaker:Patient}: [been|it has been] {dur} [now|] and {drug} [isn't helping|makes me sick]
{-speaker:Patient}: [Dr. {dr.last}|{dr.first}|the doctor] said [it was|maybe] {eponym} [back in {year}|]
{-speaker:Patient}: {rel.first} [thinks|says] I should [come in|go to the ER|call {dr2}]
{-speaker:Patient}: [ok thanks|thank you] {rn.first}
{-speaker:[Nurse|Assistant]}: {>chat.nurse.ask}
{-speaker:[Nurse|Assistant]}: [I'll|Let me] [message|page|ask] {dr} [now|and call you at {pt.phone}|].
{-speaker:[Nurse|Assistant]}: [Your|The] {lab} from {mdslash} [was|is] [normal|a bit high].
{-speaker:[Nurse|Assistant]}: [Can you|Could you] come [on {future}|{mdsoon}|{weekday}] at {clock}? [{dr2} is in|With {dr2}].
{-speaker:[Nurse|Assistant]}: Take {drug} {dose} {freq}, {dur}. [Call|Go to the ER] if BP is over {bp}.
{-speaker:[Nurse|Assistant]}: [Thanks|Got it], {pt.first}. [May|Will] [help|do].
{-speaker:Doctor}: [So|Alright], {>w.sx} for {dur}, [no|and] {>w.sx}? [Any|Family history of] {eponym}?
{-speaker:Doctor}: [I'd|Let's] [start|try] {drug} {dose} {freq} and [repeat|check] {lab} in {dur}, [{pt.first}|okay].
{-speaker:Doctor}: [{pt.title}|{pt.first}], [the scan|your MRI] from {date} shows [{>w.dx}|{size} cyst] at {spine}.
{-speaker:Patient}: my {role} {rel.nick} had {eponym} at {-age:[45|52|67]}
{-speaker:Patient}: [I'm visiting|staying with] {rel2.first} in {hometown} [until {mdsoon}|for {dur}]
== chat.close
{-speaker:[Nurse|Agent|Assistant]}: [Thank you|Thanks] [{pt.title}|{pt.first}]. [Confirmation|Text] sent to {pt.phone}.
{-speaker:[Nurse|Agent|Assistant]}: [See you|Appointment] {future} at {clock} [with {dr}|]. [Bye|Take care].
{-speaker:Patient}: [bye|thanks|ok] [{rn.first}|]
[Transcript|Session] ended {clock}. [Ticket|Case #|Case] {subject}.
== phonehdr
{-heading:[PHONE MESSAGE|Telephone Note|Telephone Encounter]} {date} {clock}\n[Pt|Patient]: {pt.full}  [DOB|b.] {dob}  [MRN|mrn] {mrn}\n[Call back|CB|Ph] [#|]: {pt.phone}
[TC|Phone call|T/C] {mdslash} {clock} from [{rel.full}|{rel.first} {rel.last}] ({role}), re {pt.full} {dob}. [CB|Call back] {rel.phone}
{date} {clock} - call from {pt.title} ({pt.phone}), [chart|MRN] {mrn}
== phone
[Caller|{rel.first}] [states|says|reports] [{pt.first}|pt|patient] has had {>w.sx} [x|for] {dur}[, worse since {md}|].
[Wants|Requesting] [refill|early refill] of {drug} {dose} #{count}, [pharmacy|send to] [{phone}|fax {fax}].
[Wants|Asked] to know if [she|he] [may|can] [stop|hold] {drug} before {>w.proc} [on {future}|{mdsoon}].
[Please|Pls] call [back at|cell|@] {pt.cell} [before {clock}|after {clock}|today].
[LM|Left msg|Left VM] [at {rel.phone}|x{-number:2}] [for {rel.first}|] to [call back|return call to {rn.first}].
[Saw|Was seen by] {dr2} [at {anyfacility}|] on {md}, [was told|told] {eponym} [possible|ruled out].
[Insurance|Plan] [needs|asks for] PA [for {drug}|], [ID|member ID] {member}, [fax|form to] {fax}.
[New address|Moved to]: {rel.address}
[Also|Pt] [asks|asking] for [lab results|copy of records] from {date} [to be emailed to {pt.email}|].
[{dr}|Dr. {dr.last}] [out until {mdsoon}|paged at {pager}|notified {clock}].
[Temp|Fever] {temp} [last night|at {clock}], BP {bp}, [took|gave] {drug} {dose}.
== phonemed
[Currently taking|On] {drug} {dose} {freq}, {drug} {dose}.
[Last|Recent] {lab} [{mdslash}|]. [Pain|Rates] {pain}.
Allergic to {drug} ({year}).
== phone.close
[Advised|Instructed] [ER|clinic visit {mdsoon}|fluids] if [temp > 101|pain > {frac}]. [Verbalized understanding|Agrees].
[Routed|Forwarded] to {dr} [and {dr2}|] [for review|].
[Appt|Appointment] [made|scheduled] {future} {clock} [w/|with] {dr}.
[OK per|Per] {dr}: [may increase|stop] {drug} [to {dose}|x {dur}].
== mail.subject
[Question about|Re:|Fwd:] [{pt.full}|{pt.first}'s appointment|refill|results|my visit on {md}]
[{pt.lastfirst}|{pt.initials}] [{mrn}|DOB {dob}|records request]
[URGENT|Follow up|Bill question]: {pt.last}[, acct {account}|]
[Appointment|Visit] {mdsoon}
== mail.greet
[Dear|Hello|Hi] {dr}
[Hi|Hello|Good morning] {rn.first}
Dear [Sir or Madam|Care Team]
[Dear|Hi] [Dr. {dr.last}|Doctor]
== mail.body
My {role2} {pt.full} [was|has been] [discharged from|at] {facility2} [on {date}|since {md}] with {>w.dx}.
[Mom|Dad|{pt.first}] [turned|is] {age} [last week|now] and [still lives|lives] [alone|] at {pt.street} [in {pt.city}|].
[Could|Can] you [fax|send] [the records|the report] to {dr2} at {dr2.fax}?
[My|Best] number is {rel.phone}, [or try|my {role2}'s is] {rel2.phone}.
[The bill|Statement] shows account {account} and [member ID|policy number] {member}, [but|and] we [owe|paid] {money}.
{pt.first} [takes|is on] {drug} {dose} {freq} and {drug}; the [bottle|label] says {lot}.
[He|She] [saw|was seen by] {dr2} and {dr3} [in {my}|on {date}], [who|they] mentioned {eponym}.
[Our|New] address is {rel.address}.
[I|We] [may|will] be [in {hometown}|traveling to {country}] [until {mdsoon}|for {dur}].
[The|Her|His] blood pressure was {bp} [on {weekday}|yesterday] and the pain {pain}.
[Records|You] may need: DOB {dob}, SSN {ssn}, [Medicare|MBI] {mbi}.
== mail.pt
[I|This is {pt.full}, I] was [in|seen] on {date} for {>w.sx} [by {dr2}|].
[My|The] {drug} {dose} [ran out|is almost out]; [please|can you] send {count} [tablets|pills] to [the usual pharmacy|the pharmacy at {phone}].
[Please|Pls] call me at {pt.phone} or [text|try] my {role} {rel.first} at {rel.phone}.
I [can't|cannot] log in to {pt.url}, my [username|user name] is {pt.user}.
[My|The] sugar [was|ran] {labval}, BP {bp}, for {dur}.
[My chart number|MRN] is {mrn} and my [birthday|date of birth] is {dob}.
[I moved|We moved] to {pt.street}, {pt.city} {pt.zip} [on {md}|in {my}].
[Is|Could it be] {eponym}? [My|] {role} {rel.nick} [had it|was told so] in {year}.
[I will|May I] [come|stop by] [on {mdsoon}|{weekday}] around {clock}?
== mail.staff
[Can you|Please] [review|sign] {pt.lastfirst} ([MRN|mrn] {mrn}), [seen|visit] {date}.
{pt.title}'s {role} {rel.full} [called|emailed {rel.email}] [again|on {md}] about {>w.dx}.
[Pharmacy|The pharmacy] needs your [DEA|DEA number] {dr2.dea} and NPI {dr2.npi} for {drug} {dose}.
[Specimen|Path] {accession} is back: {>w.dx}, {stage}; {lab}.
[Auth|Approval] for {cpt} ({icd}) [expires|through] {future}, [member|subscriber] {member}.
[Scheduled|Moved] [him|her|{pt.last}] to {mdsoon} at {clock} in {room}, [{dur} slot|].
[I|We] [faxed|sent] [it|the packet] to {facility2} ({fax}) [on {mdslash}|].
[{dr3}|Dr. {dr3.last}] [says|thinks] {eponym}; [will|may] [add|start] {drug} {dose}.
== mail.bye
[Thanks|Thank you|Many thanks]
[Sincerely|Best|Regards|Kind regards]
[Best wishes|Take care]
== mail.sig
{pt.full}\n{pt.cell}
[Sent from my phone|{pt.cell}]
{pt.full}, DOB {dob}
--\n{pt.formal}\n{pt.street}\n{pt.city}, {pt.state} {pt.zip}
