"""The fixed sentences of the dataset card: use, limits, jurisdictions, loading."""

from __future__ import annotations

INTENDED_USE = """\
Training and evaluating a language model that plays and supports difficult therapy conversations, so that
therapists can practise on them: a training simulator for professionals under supervision."""

OUT_OF_SCOPE = """\
- It is not therapy and not a source of advice. No model trained on it may be offered or described as a
  therapist, counsellor or mental-health professional.
- Not for triage, diagnosis or monitoring of clients, and not for detecting the emotions of a real person.
- Not for talking to people in a crisis. Crisis scenes are there for trainees to practise on.
- Not for identifying or contacting anybody whose words may be in it.
- The client is the role `user`, the therapist the role `assistant`. Exchanging them teaches a model to
  play the client."""

JURISDICTIONS = """\
Laws on artificial intelligence in mental-health care differ by place and are changing. This list, as read
in mid-2026, is incomplete and not legal advice; check it before any release or use.

- Illinois (HB 1806, Public Act 104-0054) restricts therapy to licensed professionals, and what they may
  let a system do: no therapeutic decisions of its own, no therapeutic talk with clients, no detection of
  emotions or mental states; recorded sessions need specific written consent.
- Nevada (AB 406) restricts offering systems that are meant to give professional mental-health care.
- Utah (HB 452), California (SB 243) and New York ask for disclosure or a crisis protocol.
- Tennessee (SB 1580/HB 1470) forbids presenting a system as a mental-health professional. A bill seen in
  committee (SB 1493/HB 1455) would reach the training of systems for emotional support.
- European Union (AI Act): Article 5 on manipulation and on emotion recognition, Article 50 on telling
  people that they talk to a machine, and a public summary of training content for general-purpose models."""

KNOWN_LIMITS = """\
- Scores are {score_claim}.
  A score that could not be computed is null, never 0.
- {pii_claim_capital} finds identifiers that have a pattern. It does not show that a text is free of them;
  types that were not searched are listed above.
- Synthetic and augmented dialogue is marked in `metadata.origin`; it is not a record of real clients.
- How replies meet a client in crisis was screened by wordings alone (see the safety filters), and by nobody.
  Who replies differs by source (clinician, trained supporter, peer on a forum, bot): see the sources.
- Exact copies, and copies in another spelling, share a split; near copies (a few words changed) are not
  searched.
- Texts are taken to be English. They come from few places and platforms and stand for no population.
- Edge cases hold distressing content on purpose (`metadata.is_training_edge_case`)."""

SAFETY_OFF = """\
**The policy turned the safety filters off.** No client turn and no reply was judged; nothing is masked."""

MASKED = """\
A reply that fails is masked: its position stands in `metadata.masked_turns`, and no loss is to be taken from
it. Such records stand in `masked/` and not in `stages/`; each message there has `train`: true or false.
Whoever trains on the shards themselves leaves these records out, or masks these turns."""

LOAD_HEAD = """\
```python
from datasets import load_dataset

data = load_dataset("path/to/dataset")  # every split"""

LOAD_SFT = 'sft = load_dataset("path/to/dataset", "{stage}", split="train")'
LOAD_SFT_DEFAULT = (
    'sft = data["train"].filter(lambda r: r["kind"] == "dialogue" and not r["metadata"]["masked_turns"])'
)
LOAD_PREFERENCE = 'pairs = load_dataset("path/to/dataset", "preference", split="train")'

TRL_SFT = """\
For supervised fine-tuning with TRL, hand over the conversation alone:

```python
from trl import SFTTrainer

trainer = SFTTrainer(model=model, train_dataset=sft.select_columns(["messages"]))
```"""

TRL_DPO = """\
The preference pairs have the columns that `DPOTrainer` reads (`prompt`, `chosen`, `rejected`):

```python
from trl import DPOTrainer

trainer = DPOTrainer(model=model, train_dataset=pairs.select_columns(["prompt", "chosen", "rejected"]))
```"""
