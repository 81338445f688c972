"""What the heads are to tell apart: classes and the ways to say them, and what resembles them but means nothing."""

from __future__ import annotations

from pathlib import Path

import yaml

CLASSES: dict[str, tuple[str, ...]] = {
    "stop": ("stop", "stop!"),
    "yes": ("yes", "yes!"),
    "no": ("no", "no!"),
    "pause": ("pause", "pause!"),
    "wait": ("wait", "wait!"),
    "hang on": ("hang on", "hang on!"),
    "repeat": ("repeat", "repeat!"),
    "again": ("say it again", "say that again"),
    "resume": ("resume", "resume!"),
    "carry on": ("carry on", "carry on!"),
    "continue": ("continue", "continue!"),
    "ready": ("i'm ready", "I am ready"),
    "hurts": ("it hurts", "it hurts!", "that hurts", "that hurts!", "stop, it hurts", "it's hurting"),
    "in pain": ("i'm in pain", "I am in pain", "I'm in pain!"),
    "pain": ("pain", "pain!"),
    "done": ("i'm done", "I am done"),
    "weak": ("i feel weak", "I feel weak!", "I feel so weak"),
    "dizzy": ("i feel dizzy", "I feel dizzy!", "I feel so dizzy"),
    "chest pain": ("chest pain", "chest pain!"),
    "confused": ("i'm confused", "I am confused"),
    "dropped": ("i dropped it", "I've dropped it"),
    "cannot move": ("i can't move my hand", "I cannot move my hand", "i can't move my arm", "I cannot move my arm"),
    "face numb": ("my face feels numb", "my face is numb"),
    "slurred": ("my speech is slurred",),
    "numb": ("it's numb", "it is numb"),
    "tingling": ("more tingling",),
    "next": ("next", "next!"),
    "skip": ("skip", "skip!", "skip this"),
    "back": ("go back", "go back!"),
    "help": ("help", "help!"),
    "slower": ("slower", "slower!"),
    "faster": ("faster", "faster!"),
    "louder": ("louder", "louder!"),
    "quieter": ("quieter", "quieter!"),
    "how long": ("how long", "how long?"),
}
"""Each class with its texts. Class 0 of the network is everything else."""

OTHERS: tuple[str, ...] = tuple(
    text.strip()
    for text in """
    go; up; down; left; right; on; off; six; seven; eight; house; happy; marvin; bird; bed; cat; tree; visual;
    follow; forward; backward; zero; one; two; three; four; five; nine; ten; learn; dog; wow; sheila; okay; hello;
    hi; hey; ah; um; mhm; oh; well; right then; thanks; thank you; please; sorry; good; great; what; why; who; how;
    when; where; top; shop; chop; stomach; step; start; stuff; stock; stub; steep; stoop; stomp; strop; drop; hop;
    swap; cop; pop; mop; spot; stopped it; stopper; next stop; top it up; bus stop; atop; sob; stab; stay; star;
    store; stone; yesterday; guess; yeah; yep; yet; chess; less; mess; bless; dress; address; us; this; jest; yell;
    unless; s; x; jazz; nope; toe; know; now; gown; go slow; snow; note; nose; none; not; low; row; mow; dough;
    notice; nobody; nor; known; pose; paws; pours; boss; cause; because; pores; pass; force; horse; polls; cross;
    clause; laws; was; pork; poor; ports; repeal; repeated; reply; replete; receipt; retreat; defeat; complete; the
    beat; peat; report; rapid; heap; three feet; resumed; presume; assume; result; zoom; the zoo; reason; resin;
    rhythm; room; rescue; resort; consume; refuse; carrying; marry john; very long; carry; caravan; carrot; carry
    it; car is on; Harry's on; carrier; on and on; come on; content; contain; confuse you; contribute; continent;
    can you; menu; condition; the view; discontinued; avenue; it works; it hurls; that helps; is it Hurst; it's
    hers; it was; it heard; that was hers; it burns; it starts; at church; that's her; that's it; it's worse; it
    turns; that works; it first; the nurse; hurry; that hat; it is; bit first; it sure; I'm in Spain; I'm insane;
    I'm in Maine; in vain; I'm in place; I'm in here; champagne; again; in plain; explain; the rain; say it; say
    again; say that; say hi again; see it again; play it again; stay in; said it again; once again; saying; go on;
    gone back; black; bag; pack; text; nest; mixed; ship; skit; slip; kit; scoop; slow; lower; flower; foster; past her;
    first; loud; ladder; loader; helped; held; hell; whelp; along; how strong; long; weight; white; way;
    when; wade; hanging; hang it; hand on; hang up; Hank; I'm Reddy; I'm really; I'm red; I'm here; ouch potato; couch;
    pouch; out; how; now; oh; our; vow; paint; pane of glass; pan; paid; pin; rain; chess pane; just paint; test paper;
    I'm dumb; I'm gone; I'm down; I'm Don; undone; I feel great; I feel fine; I feel week by week; I peel leeks; I feel
    easy; I feel busy; I feel this; I'm confident; I'm amused; I confuse; I stopped it; I drop by; I propped it; I can't
    hear my hand; I can't lose my hat; my face feels nice; my face is warm; my
    phase is done; my speech is slow; my peach is sour; it's number one; it's done; it's fun; it's nothing; it's none;
    more sprinkling; more shingles; more mingling; more things; nearly; okay then; move on; come in;
    wrong; go home; go pack; oh Beck; scribe; asleep; quite; hold it;
    what time is it; hello there; I think so; pass the salt; turn the tap off; where is my cup; can you hear me;
    don't stop believing in it; she went to the shops; I'll call you back later; open the window please; no idea at
    all; there was no one there; yes I think we should go; he said that it hurts to lose; we carry on with the work;
    they continue to grow; please repeat the question for me; after a short pause he spoke; the bus will stop here;
    the show must go on tonight; I told him no twice yesterday; yes but not now; it hurts me to say so but I must;
    let me see it again tomorrow; we resume the talks next week; never stop learning new things; what a nice day it
    is; put the kettle on would you; the dinner is in the oven; did you feed the cat this morning; I need to buy
    some milk; my sister is coming over on Sunday; the weather is going to change; turn the radio down a bit; I
    can't find my keys; how much does that cost; the train was late again today; would you like a cup of tea; let us
    go for a walk
    """.replace("\n", " ").split(";")
)
"""Confusable words, other words and plain sentences, in the same voices, so that no voice means a command."""


def coach_sentences(repository: Path) -> list[str]:
    """What the coach says: every sentence of the bundled routines and of the wording, with the gaps filled in."""
    found: list[str] = []

    def walk(node: object) -> None:
        if isinstance(node, dict):
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)
        elif isinstance(node, str) and len(node.split()) >= 2:
            found.append(" ".join(node.split()))

    for path in sorted((repository / "scripts").glob("*.yaml")):
        walk(yaml.safe_load(path.read_text(encoding="utf-8")))
    walk(yaml.safe_load((repository / "voicecoach/session/en/wording.yaml").read_text(encoding="utf-8")))
    fill = {"side": "right", "other_side": "left", "limb": "arm", "name": "Wrist stretch", "title": "Wrist stretches"}
    for name in ("reps", "rep", "seconds", "minutes"):
        fill[name] = "five"
    fill["duration"] = "a minute"
    texts = []
    for text in dict.fromkeys(found):
        filled = text
        for name, value in fill.items():
            filled = filled.replace("{" + name + "}", value)
        texts.append(filled)
    return texts
