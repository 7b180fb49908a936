//! Learns the table of `learned` from labelled documents.
//!
//! ```text
//! cargo run --release -p blackbar-detectors --example train -- [--folds N] [--write FILE] GOLD[=LIST] ...
//! ```
//!
//! Each GOLD is a gold file beside its documents, and perhaps a `tolerated.jsonl`; LIST names the documents to learn from.
//! Only texts and logs are read. With `--folds` it says how well words and values of documents are told that were left out.
//! The same documents give the same table: nothing here is random.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a tool that is run by hand")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use blackbar_corpus::{DEVELOPMENT_SEED, Format, Label, corpus, gold};
use blackbar_detectors::learned::facts::{self, PLACES, UNIT, VALUES, WORDS};
use blackbar_detectors::learned::{LEARNED_VALUES, LEARNED_WORDS};
use blackbar_engine::testing::verify_at;
use blackbar_engine::{Detector, Field, Verify, View};

/// A fact counts when documents so many have it.
const DOCUMENTS: u32 = 3;
/// Generated documents, of which those in plain text are learnt from.
const GENERATED: usize = 600;
const EPOCHS: usize = 10;
const RATE: f32 = 0.25;
const DECAY: f32 = 2e-5;

/// A token with what is said of it, and what it is: 0 is nothing.
struct Example {
    facts: Vec<u32>,
    class: usize,
    document: usize,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut folds, mut write, mut sources) = (0, None, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--folds" => folds = arguments.next().and_then(|n| n.parse().ok()).expect("--folds takes a number"),
            "--write" => write = Some(arguments.next().expect("--write takes a file")),
            _ => sources.push(argument),
        }
    }
    let lexicon = blackbar_detectors::lexicon();
    let (mut words, mut values, mut documents) = (Vec::new(), Vec::new(), 0);
    for source in &sources {
        let (gold_file, only) =
            source.split_once('=').map_or((source.as_str(), None), |(gold, list)| (gold, Some(list)));
        let folder = Path::new(gold_file).parent().expect("a gold file stands in a folder");
        let only: Option<BTreeSet<String>> = only
            .map(|list| std::fs::read_to_string(list).expect("the list is there").lines().map(str::to_owned).collect());
        let read = |path: &Path| std::fs::read_to_string(path).ok().map(|text| gold::read(&text).expect("gold lines"));
        let labels = read(Path::new(gold_file)).expect("the gold file is there");
        let tolerated = read(&folder.join("tolerated.jsonl")).unwrap_or_default();
        for (path, labels) in &labels {
            let learns = path.starts_with("text/") || path.starts_with("log/");
            if !learns || only.as_ref().is_some_and(|only| !only.contains(path)) {
                continue;
            }
            let text = std::fs::read(folder.join(path)).expect("the document is there");
            let left_out = tolerated.get(path).map(Vec::as_slice).unwrap_or_default();
            learn_from(&text, labels, left_out, documents, &lexicon, &mut words, &mut values);
            documents += 1;
        }
    }
    // What the generator writes as well: its prose has many words that look like names and are none.
    for document in corpus(DEVELOPMENT_SEED, GENERATED).into_iter().filter(|document| document.format == Format::Text) {
        learn_from(&document.text, &document.labels, &[], documents, &lexicon, &mut words, &mut values);
        documents += 1;
    }
    println!("{documents} documents, {} words, {} values", words.len(), values.len());
    for fold in 0..folds {
        let part = |examples: &[Example], inside: bool| -> Vec<usize> {
            (0..examples.len()).filter(|i| (examples[*i].document % folds == fold) == inside).collect()
        };
        for (name, examples, classes) in [("words", &words, WORDS), ("values", &values, VALUES)] {
            let weights = train(examples, &part(examples, false), classes);
            judge(name, examples, &part(examples, true), &weights, classes);
        }
    }
    if let Some(file) = write {
        let all = |examples: &[Example]| (0..examples.len()).collect::<Vec<_>>();
        let of_words = train(&words, &all(&words), WORDS);
        let of_values = train(&values, &all(&values), VALUES);
        let mut table = Vec::with_capacity(PLACES * (WORDS + VALUES));
        for (of_word, of_value) in of_words.chunks(WORDS).zip(of_values.chunks(VALUES)) {
            let weights = of_word.iter().chain(of_value);
            table.extend(weights.map(|weight| quantised(*weight).to_le_bytes()[0]));
        }
        std::fs::write(&file, table).expect("the table can be written");
    }
}

#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn quantised(weight: f32) -> i8 {
    (weight * UNIT as f32).round().clamp(-127.0, 127.0) as i8
}

/// Where a token begins and ends, from its trigger on, and its facts.
type Heard = Option<(i32, i32, Vec<usize>)>;
type Facts = Box<dyn Fn(&View<'_>, u32) -> Heard + Send + Sync>;

fn learn_from(
    text: &[u8],
    labels: &[Label],
    left_out: &[Label],
    document: usize,
    lexicon: &blackbar_engine::Lexicon,
    words: &mut Vec<Example>,
    values: &mut Vec<Example>,
) {
    let heard: Arc<Mutex<Heard>> = Arc::default();
    let inside: Arc<AtomicU32> = Arc::default();
    let listening = |detector: &Detector, of: Facts| {
        let (heard, inside) = (Arc::clone(&heard), Arc::clone(&inside));
        let verify = Verify::Site(Arc::new(move |view: &View<'_>| {
            *heard.lock().expect("nobody panicked") = of(view, inside.load(Relaxed));
            None
        }));
        Detector { verify, ..detector.clone() }
    };
    let word = listening(
        &LEARNED_WORDS,
        Box::new(|view, inside| facts::word(view, inside).map(|(len, facts)| (0, len, facts))),
    );
    let value = listening(&LEARNED_VALUES, Box::new(|view, _| facts::value(view)));
    let field = Field::default();
    // What the word before was, and where it ended.
    let mut last = (0, 0);
    let wordy = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
    for at in 0..text.len() {
        let before = at.checked_sub(1).map(|i| text[i]);
        let begins_word = wordy(text[at]) && !before.is_some_and(wordy);
        let begins_digits = text[at].is_ascii_digit() && !before.is_some_and(|byte| byte.is_ascii_digit());
        for (asked, detector, examples, is_word) in
            [(begins_word, &word, &mut *words, true), (begins_digits, &value, &mut *values, false)]
        {
            if !asked {
                continue;
            }
            let goes_on = is_word && last.0 > 0 && facts::joins(&text[last.1..at]);
            for before in if goes_on { vec![0, last.0] } else { vec![0] } {
                inside.store(before, Relaxed);
                let _ = verify_at(detector, text, at, &field, lexicon);
                let Some((start, end, facts)) = heard.lock().expect("nobody panicked").take() else { continue };
                let span = (at.saturating_add_signed(start as isize), at.saturating_add_signed(end as isize));
                let class = class_of(span, labels, left_out, is_word);
                if is_word {
                    last = (class.map_or(0, |class| u32::try_from(class).expect("few classes")), span.1);
                }
                let Some(class) = class else { continue };
                let facts = facts.into_iter().map(|fact| u32::try_from(fact).expect("a place of the table")).collect();
                examples.push(Example { facts, class, document });
            }
        }
    }
}

/// What a span is by its labels; `None` where nothing should be learnt of it.
fn class_of((start, end): (usize, usize), labels: &[Label], left_out: &[Label], is_word: bool) -> Option<usize> {
    if left_out.iter().any(|label| label.start < end && start < label.end) {
        return None;
    }
    let Some(label) = labels.iter().find(|label| label.start < end && start < label.end) else { return Some(0) };
    let kind = label.kind.split(':').next().unwrap_or_default();
    let inside = label.start <= start && end <= label.end;
    let class = match kind {
        "mrn" | "other-id" | "account" | "health-plan" | "license" | "device" | "vehicle" | "npi" | "dea"
        | "biometric" => {
            if is_word {
                5
            } else {
                1
            }
        }
        "date" => {
            if is_word {
                4
            } else {
                2
            }
        }
        "name" if is_word => 1,
        "location" if is_word => 2,
        "facility" if is_word => 3,
        _ => return None,
    };
    (inside || !is_word).then_some(class)
}

/// Weights that tell classes apart, by logistic regression with AdaGrad.
fn train(examples: &[Example], of: &[usize], classes: usize) -> Vec<f32> {
    let mut seen: BTreeMap<u32, (u32, usize)> = BTreeMap::new();
    for &i in of {
        for fact in &examples[i].facts {
            let entry = seen.entry(*fact).or_insert((0, usize::MAX));
            if entry.1 != examples[i].document {
                *entry = (entry.0 + 1, examples[i].document);
            }
        }
    }
    let counts: Vec<bool> = {
        let mut counts = vec![false; PLACES];
        seen.iter().for_each(|(fact, (documents, _))| counts[*fact as usize] = *documents >= DOCUMENTS);
        counts
    };
    let mut weights = vec![0_f32; PLACES * classes];
    let mut squares = vec![1e-6_f32; PLACES * classes];
    let mut order = of.to_vec();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..EPOCHS {
        for i in (1..order.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            order.swap(i, usize::try_from((random >> 33) % (i as u64 + 1)).unwrap_or(0));
        }
        for &i in &order {
            let example = &examples[i];
            let odds = odds(&weights, example, classes);
            for (class, odds) in odds.iter().enumerate() {
                let wrong = odds - f32::from(u8::from(example.class == class + 1));
                for fact in example.facts.iter().filter(|fact| counts[**fact as usize]) {
                    let place = *fact as usize * classes + class;
                    let slope = wrong + DECAY * weights[place];
                    squares[place] += slope * slope;
                    weights[place] -= RATE * slope / squares[place].sqrt().max(0.3);
                }
            }
        }
    }
    weights
}

/// How likely each class is.
fn odds(weights: &[f32], example: &Example, classes: usize) -> Vec<f32> {
    let mut sums: Vec<f32> = score(weights, example, classes).iter().map(|sum| sum.min(30.0).exp()).collect();
    let all = 1.0 + sums.iter().sum::<f32>();
    sums.iter_mut().for_each(|sum| *sum /= all);
    sums
}

fn score(weights: &[f32], example: &Example, classes: usize) -> Vec<f32> {
    (0..classes).map(|class| example.facts.iter().map(|fact| weights[*fact as usize * classes + class]).sum()).collect()
}

/// Says how well each class is told at several margins.
fn judge(name: &str, examples: &[Example], of: &[usize], weights: &[f32], classes: usize) {
    for margin in [0.0, 1.0, 2.0, 3.0] {
        let mut tally = vec![[0_u32; 3]; classes + 1];
        for &i in of {
            let scores = score(weights, &examples[i], classes);
            let best = (0..classes).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap_or(0);
            let said = if scores[best] >= margin { best + 1 } else { 0 };
            let is = examples[i].class;
            tally[is][0] += 1;
            tally[said][1] += 1;
            if is == said || is > 0 && said > 0 {
                tally[is][2] += 1;
            }
        }
        let shares: Vec<String> = (1..=classes)
            .map(|class| {
                let [are, said, right] = tally[class].map(f64::from);
                format!("{:.3}/{:.3} of {are}", right / are.max(1.0), right / said.max(1.0))
            })
            .collect();
        println!("{name} margin {margin}: recall/precision {}", shares.join("  "));
    }
}
