// Words without identity.

== w.sx
chest pain
shortness of breath
dyspnea on exertion
low back pain
dizziness
nausea
vomiting
abdominal pain
headache
fatigue
fever
cough
palpitations
leg swelling
blurry vision
dysuria
hematuria
joint stiffness
numbness
insomnia
night sweats
weight loss
rash
a fall
syncope
sore throat
confusion
hearing loss
knee pain
difficulty swallowing
black stools
anxiety
poor appetite
wheezing
{eponym} flare
== w.dx
type 2 diabetes
hypertension
COPD
atrial fibrillation
congestive heart failure
community acquired pneumonia
urinary tract infection
chronic kidney disease
hypothyroidism
osteoarthritis
depression
generalized anxiety
migraine
asthma
coronary artery disease
hyperlipidemia
GERD
cellulitis
deep vein thrombosis
pulmonary embolism
iron deficiency anemia
lumbar radiculopathy
breast cancer
prostate cancer
rheumatoid arthritis
obstructive sleep apnea
gout
stroke
sepsis
acute pancreatitis
gallstones
diverticulitis
bipolar disorder
epilepsy
osteoporosis
macular degeneration
{eponym}
{eponym}
== w.proc
appendectomy
total knee arthroplasty
cardiac catheterization
colonoscopy
laparoscopic cholecystectomy
hernia repair
hysterectomy
cataract extraction
CABG x {-number:3}
hip replacement
lumbar fusion {spine}
upper endoscopy
thyroid biopsy
cystoscopy
{-eponym:Whipple procedure}
{-eponym:Nissen fundoplication}
{-eponym:Mohs surgery}
carpal tunnel release
pacemaker placement
skin biopsy
