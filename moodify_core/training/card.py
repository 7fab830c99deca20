"""The model card: what a model is, how it was measured, and what it must not be used for."""

from __future__ import annotations

from typing import Any

from moodify_core.moods import MOODS

_SOURCES = {
    "4q": "- `4q`: 4Q Audio Emotion Dataset (Panda, Malheiro, Paiva, IEEE Transactions on "
    "Affective Computing, 2018): Western popular music with English mood tags, for research use; "
    "the clips are copyrighted previews.",
    "emotify": "- `emotify`: Emotify (Aljanaki, Wiering, Veltkamp, Information Processing & "
    "Management, 2016): rock, pop, electronic and classical music of Magnatune, CC BY-NC-SA.",
}

_MEANINGS = {
    "4q": (
        "4Q: tags of editors",
        (
            "angry, hostile, fierce",
            "tense, ominous, theatrical, epic",
            "joyous, cheerful",
            "gentle, sensual, romantic",
            "gloomy, sad, bleak",
        ),
    ),
    "emotify": (
        "Emotify: what listeners felt",
        (
            "tension, in loud rock, pop and electronic",
            "power, solemnity, other tension",
            "joyful activation",
            "tenderness",
            "sadness",
        ),
    ),
}
"""What each of `MOODS` was derived from."""


_LIMITS = [
    "- Clean synthetic music: the collections hold hardly any, and it knows that of one composer, "
    "`examples`.",
    "- Tempo and density: it was taught on composed tunes which way they move a mood, and still "
    "hardly names them as reasons (docs/accuracy.md).",
    "- Words are not understood, in any language: a sad text to a cheerful tune is happy. Nearly "
    "all singing in the data is in English.",
    "- Genres and traditions outside of Western popular and classical music were not measured; of "
    "tunings, scales and drumming of other traditions it knows nothing.",
]
"""What models of these collections fail at, beyond what is measured."""

_OTHER_MEANINGS = ["What the five moods mean here is what the labels of its data mean by them."]
_OTHER_LIMITS = [
    "- Clean synthetic music: it knows that of one composer, `examples`.",
    "- Words are not understood, in any language: a sad text to a cheerful tune is happy.",
]


def _own_data(name: str) -> str:
    return f"- `{name}`: the data of whoever trained this model; its terms are theirs to state."


def model_card(metrics: dict[str, Any]) -> str:
    """Write the card of a model from its figures.

    Parameters
    ----------
    metrics : dict
        What ``metrics.json`` holds.

    Returns
    -------
    str
        Markdown.
    """
    data, model = metrics["data"], metrics["model"]
    # Of other music nobody has looked at what is said below of these collections.
    known = all(name in _SOURCES for name in data["corpora"])
    return "\n".join(
        [
            f"# Model card: {model['version']}",
            "",
            "Written by `moodify train`; the figures are those of `metrics.json` beside it.",
            "",
            "## What it is",
            f"A {model['classifier']} that hears the 15 s around each window of a song, with the "
            "harmony of the half minute there; the song's verdict is their calibrated average. "
            "Exported probabilities differ from the trained ones by at most "
            f"{model['largest_export_difference']:.1e}.",
            "",
            *(_meanings(list(data["corpora"])) if known else _OTHER_MEANINGS),
            "",
            "It also says where it has nothing to say: stretches that lie further from the music "
            "it learned from than nearly all music by others does (noise, tones, applause, talk) "
            "count as a guess. And it names reasons: what the mood would lose if the song were "
            "average in one respect, such as its pulse or its mode, by asking the model again.",
            "",
            "## What it learned from",
            f"{data['clips']} clips{', most of them of 30 s,' if known else ''} by "
            f"{data['artists']} artists: "
            + ", ".join(f"{count} of {name}" for name, count in data["corpora"].items())
            + "; "
            + ", ".join(f"{count} {mood}" for mood, count in data["moods"].items())
            + f". {data['clips'] - data['clear_clips']} more have no clear mood and were learned "
            "from, but not measured on.",
            "",
            *(_SOURCES.get(name, _own_data(name)) for name in data["corpora"]),
            "",
            "What it learns of a clip is steadied by all that people said of it (tags, quadrant, "
            "ratings), if anything; what it is measured by is not. Every clip is heard once more "
            "as another studio might have sent it, and what that moves is relied on less. It "
            "starts from what research knows of tempo, density, brightness and mode, and 80 pairs "
            "of tunes by `examples`, which differ in one of these, teach the difference and "
            "nothing else. Of 60 more it learns what moods such tunes have on average.",
            "",
            "No audio is part of the model or of this repository. The data's terms bind the model: "
            "where one of them allows research or non-commercial use only, so does the model.",
            "",
            "## How well it does",
            "Measured on artists that the measured model had never heard: the classifier was "
            "chosen and calibrated without them. "
            + (
                "The features and the constants of the method were not; `locked_artists` in "
                "`metrics.json` are artists kept out of that, too."
                if known
                else "The features and the constants of the method were chosen with the music of "
                "the model that Moodify ships."
            ),
            "",
            *_table(metrics["unheard_artists"]),
            "",
            *_section(
                "A fifth of the artists, chosen by a hash of their names, was kept out of all "
                "comparisons of features and classifiers; a model of the other four fifths does on "
                "it:"
                if known
                else "A fifth of the artists, chosen by a hash of their names, answered by a model "
                "of the other four fifths:",
                metrics["locked_artists"],
            ),
            *_section(
                "A collection answered by a model that learned from the others only:",
                metrics["unheard_corpus"],
            ),
            f"Splitting windows at random instead gives an accuracy of "
            f"{metrics['leaky_window_accuracy']:.2f}: windows of one recording then stand on both "
            "sides. Figures of that kind say nothing of music that nobody trained on.",
            "",
            "## Where it fails",
            *_weaknesses(metrics),
            *_genres(metrics["genres"]),
            *_false_alarms(metrics["called_unlike_music"]),
            *(_LIMITS if known else _OTHER_LIMITS),
            "",
        ]
    )


def _meanings(corpora: list[str]) -> list[str]:
    """Tell what the moods mean in collections whose labels are known here."""
    columns = [_MEANINGS[name] for name in corpora]
    return [
        "What the five moods mean here, by the tags and the feelings that they were learned from:",
        "",
        _row("Mood", [heading for heading, _ in columns]),
        "|---|" + "---|" * len(columns),
        *(
            _row(mood.value, [meanings[index] for _, meanings in columns])
            for index, mood in enumerate(MOODS)
        ),
        "",
        'So "romantic" is any tenderness, and "dramatic" holds what is tense as well as what is '
        "solemn. They say how music sounds to others, not what somebody feels or intends.",
    ]


def _table(scores: dict[str, Any]) -> list[str]:
    rows = [
        "| | " + " | ".join(scores) + " |",
        "|---|" + "---|" * len(scores),
        _row("clips", [str(score["clips"]) for score in scores.values()]),
        _row("macro-F1", [_interval(score["macro_f1"]) for score in scores.values()]),
        _row("accuracy", [_interval(score["accuracy"]) for score in scores.values()]),
    ]
    for mood in MOODS:
        cells = [_interval(score["recall"][mood.value]) for score in scores.values()]
        rows.append(_row(f"recall {mood.value}", cells))
    calibration = [score["calibration"] for score in scores.values()]
    rows.append(_row("calibration error", [_number(cell["ece"]) for cell in calibration]))
    rows.append(_row("Brier skill", [_number(cell["brier_skill"]) for cell in calibration]))
    return rows


def _section(introduction: str, scores: dict[str, Any]) -> list[str]:
    return [introduction, "", *_table(scores), ""] if scores else []


def _weaknesses(metrics: dict[str, Any]) -> list[str]:
    """Name the moods that are missed most, with what they are taken for."""
    everything = metrics["unheard_artists"]["all"]
    lines = []
    for index, mood in enumerate(MOODS):
        row = everything["confusion"][index]
        recall = everything["recall"][mood.value]["value"]
        wrong = [(count, other) for other, count in enumerate(row) if other != index]
        count, taken = max(wrong)
        if recall is not None and count:
            lines.append(
                (
                    recall,
                    f"- {mood.value}: {recall:.0%} are found; most of the others are "
                    f"taken for {MOODS[taken].value}.",
                )
            )
    return [line for _, line in sorted(lines)]


def _genres(genres: dict[str, Any]) -> list[str]:
    """Tell the accuracy in each genre, the worst first; the file names are the collections'."""
    if not genres:
        return []
    named = "; ".join(
        f"{name or 'unknown'} {_interval(score['accuracy'])}, {score['clips']} clips"
        for name, score in genres.items()
    )
    return [f"- By genre, accuracy on unheard artists, the worst first: {named}."]


def _false_alarms(shares: dict[str, Any]) -> list[str]:
    named = ", ".join(f"{name} {_percent(share)}" for name, share in shares.items())
    return [f"- Real music by unheard artists that it calls unlike music: {named}."]


def _percent(figure: dict[str, float | None]) -> str:
    value, low, high = (100 * (figure[key] or 0) for key in ("value", "low", "high"))
    return f"{value:.1f} % ({low:.1f} to {high:.1f})"


def _row(name: str, cells: list[str]) -> str:
    return f"| {name} | " + " | ".join(cells) + " |"


def _interval(figure: dict[str, float | None]) -> str:
    return f"{_number(figure['value'])} ({_number(figure['low'])} to {_number(figure['high'])})"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
