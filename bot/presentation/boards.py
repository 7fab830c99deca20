"""What the boards look like: pure functions from what is known to what Discord shows."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import discord

from bot.presentation import answer_texts
from bot.presentation import board_texts as texts
from bot.presentation import texts as common
from bot.presentation.answers import CONTENT_LIMIT, Abilities, Content, sentence
from bot.presentation.board_views import BoardView, FindView, Name, nameless
from bot.presentation.embeds import ALT_TEXT_LIMIT, bars
from bot.presentation.language import percent
from bot.presentation.titles import inline_code
from bot.storage import (
    MINIMUM_SONGS,
    PAGE,
    Agreement,
    MembersPage,
    Profile,
    RankedSong,
    ServerMood,
    SimilarSong,
    SongsPage,
    Standing,
    Week,
)
from moodify_core.charts import Bar, Chart, Mix, Ranking, WeekBar, Weeks
from moodify_core.moods import MOODS, Mood, MoodShares

PICTURE_NAME = "board.png"
_GREY = discord.Colour(0x8A8F98)
_DESCRIPTION_LIMIT = 4096
_TITLE_LIMIT = 256
_HEARD = 0.3
"""Share of a mood from which on a song can be one of its best: what has less is of another."""

Names = Mapping[int, Name]


@dataclass(frozen=True, slots=True)
class Screen:
    """What is shown, before it is known how.

    Attributes
    ----------
    title : str
    lines : tuple of str
        What is told in any case.
    told : tuple of str
        What the picture shows, told before the lines where there is no picture.
    footer : str
        Small, below all.
    mood : Mood or None
        The mood that it is about, for its colour.
    chart : Chart or None
        The picture.
    description : str
        The picture in words, for who cannot see it.
    """

    title: str
    lines: tuple[str, ...]
    told: tuple[str, ...] = ()
    footer: str = ""
    mood: Mood | None = None
    chart: Chart | None = None
    description: str = ""


def screen_ways(
    screen: Screen,
    picture: bytes | None,
    abilities: Abilities,
    view: Callable[[], discord.ui.View | None] = lambda: None,
) -> tuple[Callable[[], Content], ...]:
    """Return ways to show something, from the fullest to the plainest.

    Parameters
    ----------
    screen : Screen
    picture : bytes or None
        Its chart as PNG; None if it has none, or if it could not be drawn.
    abilities : Abilities
    view : callable
        Makes what stands below.
    """
    shown = _Shown(screen, picture, view)
    plainest = (lambda: shown.in_words(common.no_embed()),)
    if screen.chart is None:
        if not abilities.embeds:
            return (lambda: shown.in_words(texts.only_text()),)
        return (lambda: shown.embedded(None), *plainest)
    missing = common.no_picture() if abilities.files else answer_texts.no_files()
    if abilities.embeds:
        bare = (lambda: shown.embedded(missing), *plainest)
        return bare if picture is None else (shown.illustrated, *bare)
    if abilities.files and picture is not None:
        return (lambda: shown.in_words(answer_texts.no_embeds(), illustrated=True), *plainest)
    return (lambda: shown.in_words(answer_texts.no_embeds_no_files()),)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A screen with its picture."""

    screen: Screen
    picture: bytes | None
    view: Callable[[], discord.ui.View | None]

    def illustrated(self) -> Content:
        embed = self._embed(self.screen.lines).set_image(url=f"attachment://{PICTURE_NAME}")
        return Content(content=None, embeds=[embed], attachments=[self._file()], view=self.view())

    def embedded(self, notice: str | None) -> Content:
        embed = self._embed((*self.screen.told, *self.screen.lines))
        return Content(content=notice, embeds=[embed], attachments=[], view=self.view())

    def in_words(self, notice: str, *, illustrated: bool = False) -> Content:
        screen = self.screen
        body = screen.lines if illustrated else (*screen.told, *screen.lines)
        foot = [f"-# {screen.footer}"] if screen.footer else []
        frame = "\n".join([f"**{screen.title}**", *foot, notice, ""])
        text = "\n".join(
            [f"**{screen.title}**", *_fitting(body, CONTENT_LIMIT - len(frame)), *foot, notice]
        )
        content = sentence(text, self.view())
        if illustrated:
            content["attachments"] = [self._file()]
        return content

    def _embed(self, lines: Sequence[str]) -> discord.Embed:
        screen = self.screen
        colour = discord.Colour.from_str(screen.mood.colour) if screen.mood else _GREY
        embed = discord.Embed(
            title=screen.title[:_TITLE_LIMIT],
            description="\n".join(_fitting(lines, _DESCRIPTION_LIMIT)),
            colour=colour,
        )
        return embed.set_footer(text=screen.footer) if screen.footer else embed

    def _file(self) -> discord.File:
        assert self.picture is not None  # asked for only where there is one
        return discord.File(
            io.BytesIO(self.picture),
            filename=PICTURE_NAME,
            description=self.screen.description[:ALT_TEXT_LIMIT],
        )


def _fitting(lines: Sequence[str], room: int) -> list[str]:
    """Return as many whole lines as have room, and how many more there are."""
    if len("\n".join(lines)) <= room:
        return list(lines)
    room -= len(texts.more_lines(len(lines))) + 1
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return [*kept, texts.more_lines(len(lines) - len(kept))]


# --- boards --------------------------------------------------------------------------------------


def members_screen(
    page: MembersPage, view: BoardView, names: Names, viewer_id: int, own: str | None
) -> Screen:
    """Show who shares most of a mood.

    Parameters
    ----------
    page : MembersPage
    view : BoardView
    names : mapping of int to Name
    viewer_id : int
        Who looks.
    own : str or None
        What is told of who looks; from `own_line`.
    """
    title = texts.minutes_title(view.mood)
    if not page.rows:
        lines = (texts.nobody_ranks(), *([own] if own else []))
        return Screen(_signed(title, view.mood), lines, mood=view.mood)

    def bar(standing: Standing) -> Bar:
        return Bar(
            standing.rank,
            _name(names, standing.user_id).text,
            texts.minutes(standing.seconds),
            ((view.mood, standing.seconds),),
            own=standing.user_id == viewer_id,
        )

    apart = page.own if page.own and page.own not in page.rows else None
    facts = texts.board_facts(view.period, page.page + 1, page.pages)
    # Lengths can be compared from page to page, and with the own one.
    chart = Ranking(
        title,
        facts,
        view.mood,
        tuple(map(bar, page.rows)),
        bar(apart) if apart else None,
        nameless=texts.somebody(),
    )
    told = tuple(
        texts.ranked(
            each.rank, texts.row(_name(names, each.user_id).said, texts.minutes(each.seconds))
        )
        for each in page.rows
    )
    return Screen(
        _signed(title, view.mood),
        (own,) if own else (),
        (facts, *told),
        texts.minutes_rule(),
        view.mood,
        chart,
        _in_words(title, facts, chart.bars),
    )


def own_line(page: MembersPage, mood: Mood | None, *, hidden: bool, private: bool) -> str | None:
    """Tell who looks at a board where they stand.

    Parameters
    ----------
    page : MembersPage
    mood : Mood or None
    hidden : bool
        Whether who looks is kept off the boards.
    private : bool
        Whether nobody else reads it: it is told to nobody else that somebody hides.
    """
    if page.own is not None:
        return texts.own_rank(page.own.rank, page.ranked, page.own.seconds)
    if hidden:
        return texts.own_hidden() if private else None
    if page.own_songs < MINIMUM_SONGS:
        return texts.songs_until_ranked(MINIMUM_SONGS - page.own_songs)
    return texts.own_none(mood) if mood is not None else None


def songs_screen(page: SongsPage, view: BoardView, names: Names, guild_id: int) -> Screen:
    """Show which songs have most of a mood."""
    mood = view.songs_mood
    title = texts.songs_title(mood)
    if not page.rows:
        return Screen(_signed(title, mood), (texts.no_songs(),), mood=mood)
    facts = texts.board_facts(view.period, page.page + 1, page.pages)
    order = (mood, *(each for each in MOODS if each is not mood))
    chart = Ranking(
        title,
        facts,
        mood,
        tuple(
            Bar(
                song.rank,
                song.title,
                percent(song.shares[mood]),
                tuple((each, song.shares[each]) for each in order),
            )
            for song in page.rows
        ),
        full=1.0,
        nameless=common.untitled(),
    )
    lines = tuple(
        texts.ranked(
            song.rank,
            _song_line(song, guild_id, percent(song.shares[mood]), _from(names, song)),
        )
        for song in page.rows
    )
    description = _in_words(title, facts, chart.bars)
    return Screen(
        _signed(title, mood), lines, (facts,), texts.songs_rule(), mood, chart, description
    )


def overview_screen(
    leaders: Mapping[Mood, Standing | None], view: BoardView, names: Names, viewer_id: int
) -> Screen:
    """Show who leads in each mood."""
    title = texts.overview_title()
    leading = [(mood, leaders[mood]) for mood in MOODS]
    if not any(leader for _, leader in leading):
        return Screen(_signed(title), (texts.nobody_ranks(),))
    facts = texts.period_name(view.period)
    chart = Ranking(
        title,
        facts,
        None,
        tuple(
            Bar(
                mood,
                _name(names, leader.user_id).text if leader else texts.nobody_leads(),
                texts.minutes(leader.seconds) if leader else "–",
                ((mood, leader.seconds),) if leader else (),
                note=_capital(common.mood_name(mood)),
                own=leader is not None and leader.user_id == viewer_id,
            )
            for mood, leader in leading
        ),
        nameless=texts.somebody(),
    )
    told = tuple(_leader_line(mood, leader, names) for mood, leader in leading)
    plain = (_leader_line(mood, leader, names, plain=True) for mood, leader in leading)
    spoken = "\n".join([texts.row(title, facts), *plain])
    return Screen(_signed(title), (), (facts, *told), texts.minutes_rule(), None, chart, spoken)


# --- a server's mood, and a member's -------------------------------------------------------------


def server_screen(
    mood: ServerMood, server: str, agreement: Agreement | None, guild_id: int
) -> Screen:
    """Show how a server sounds.

    Parameters
    ----------
    mood : ServerMood
    server : str
        Its name, harmless.
    agreement : Agreement or None
        None where it is not known.
    guild_id : int
    """
    title = texts.server_title(inline_code(server))
    if not mood.weeks or not any(mood.mix.values()):
        return Screen(title, (texts.no_songs(),))
    facts = texts.songs_of_members(mood.songs, mood.members)
    ahead = _ahead(mood.mix)
    chart = Weeks(
        server,
        facts,
        mood.mix,
        tuple(
            WeekBar(texts.short_date(week.monday), week.seconds, week.songs) for week in mood.weeks
        ),
        texts.songs_a_week(max(week.songs for week in mood.weeks)),
    )
    lines = [texts.mostly(ahead, mood.mix[ahead])]
    if mood.typical is not None:
        lines.append(texts.typical(_song_line(mood.typical, guild_id)))
    if mood.swing is not None:
        change = mood.swing
        lines.append(texts.swing(change.mood, change.before, change.after, change.change))
    if agreement is not None and agreement.asked:
        lines.append(texts.agreement(agreement.agreed, agreement.asked))
    spoken = "\n".join(
        [
            texts.row(texts.server_title(server), facts),
            texts.alt_weeks(len(mood.weeks), mood.weeks[0].monday, mood.weeks[-1].monday),
            texts.alt_mix(_sorted(mood.mix)),
        ]
    )
    return Screen(title, tuple(lines), (facts, bars(mood.mix)), "", ahead, chart, spoken)


def profile_screen(
    profile: Profile, server: MoodShares | None, name: Name, guild_id: int
) -> Screen:
    """Show what a member shares.

    Parameters
    ----------
    profile : Profile
    server : mapping of Mood to float, or None
        The server's mix, if it is known.
    name : Name
    guild_id : int
    """
    title = texts.profile_title(name.said)
    plain = texts.profile_title(name.text)
    facts = texts.song_count(profile.songs)
    chart = Mix(name.text, facts, profile.mix, server, texts.this_server())
    lines = []
    if profile.favourite is not None:
        lines.append(texts.favourite(profile.favourite, profile.seconds[profile.favourite]))
    if profile.likeness is not None:
        lines.append(texts.likeness(profile.likeness))
    extremes = [
        f"{mood.emoji} {_song_line(profile.extremes[mood], guild_id, _share(profile, mood))}"
        for mood in MOODS
        if mood in profile.extremes and profile.extremes[mood].shares[mood] >= _HEARD
    ]
    if extremes:
        lines += [f"**{texts.extremes_heading()}**", *extremes]
    spoken = f"{texts.row(plain, facts)}\n{texts.alt_mix(_sorted(profile.mix))}"
    if server is not None:
        spoken += f"\n{texts.alt_beside(texts.this_server(), _sorted(server))}"
    told = (facts, bars(profile.mix))
    return Screen(title, tuple(lines), told, "", profile.favourite, chart, spoken)


# --- finding songs -------------------------------------------------------------------------------


def found_screen(
    songs: Sequence[RankedSong], view: FindView, names: Names, guild_id: int, *, more: bool
) -> Screen:
    """Show a page of songs that feel like a mood.

    Parameters
    ----------
    songs : sequence of RankedSong
        Of this page.
    view : FindView
    names : mapping of int to Name
    guild_id : int
    more : bool
        Whether there is a next page.
    """
    title = _signed(texts.found_title(view.mood), view.mood)
    strength = view.strength / 100
    if not songs:
        return Screen(title, (texts.nothing_found(view.mood, strength),), mood=view.mood)
    lines = tuple(
        texts.ranked(
            number,
            _song_line(song, guild_id, percent(song.shares[view.mood]), _from(names, song)),
        )
        for number, song in enumerate(songs, start=view.page * PAGE + 1)
    )
    page = texts.page_of(view.page + 1) if view.page > 0 or more else None
    footer = texts.row(page, texts.found_rule(strength))
    return Screen(title, lines, footer=footer, mood=view.mood)


def similar_screen(title: str, songs: Sequence[SimilarSong], names: Names, guild_id: int) -> Screen:
    """Show the songs that are most like one; `title` is that one's, from `song_title`."""
    heading = f"🎵 {texts.similar_title(inline_code(title))}"
    if not songs:
        return Screen(heading, (texts.nothing_similar(),))
    lines = tuple(
        texts.ranked(
            number,
            f"{_ahead(each.song.shares).emoji} "
            + _song_line(each.song, guild_id, percent(each.likeness), _from(names, each.song)),
        )
        for number, each in enumerate(songs, start=1)
    )
    mood = _ahead(songs[0].song.shares)
    return Screen(heading, lines, footer=texts.similar_rule(), mood=mood)


# --- the digest ----------------------------------------------------------------------------------


def digest_screen(
    week: Week,
    before: Week | None,
    leaders: Mapping[Mood, Standing | None],
    songs: Mapping[Mood, RankedSong],
    names: Names,
    guild_id: int,
) -> Screen:
    """Sum up a week.

    Parameters
    ----------
    week : Week
        With songs.
    before : Week or None
        The one before it.
    leaders : mapping of Mood to Standing or None
        Who led in the week.
    songs : mapping of Mood to RankedSong
        The song of the week of each mood, where there is one that everybody can see.
    names : mapping of int to Name
    guild_id : int
    """
    title = f"🗓️ {texts.digest_title()}"
    mix, earlier = _mix(week), _mix(before) if before and before.songs else None
    days = texts.span(week.monday, week.monday + timedelta(days=6))
    facts = texts.row(days, texts.song_count(week.songs))
    ahead = _ahead(mix)
    chart = Mix(texts.digest_title(), facts, mix, earlier, texts.week_before())
    lines = [texts.mostly(ahead, mix[ahead])]
    leading = [_leader_line(mood, leaders[mood], names) for mood in MOODS if leaders.get(mood)]
    if leading:
        lines += [f"**{texts.digest_leaders()}**", *leading]
    best = [
        f"{mood.emoji} {_song_line(song, guild_id, texts.share_of(mood, song.shares[mood]))}"
        for mood in MOODS
        if (song := songs.get(mood)) is not None and song.shares[mood] >= _HEARD
    ]
    if best:
        lines += [f"**{texts.digest_songs()}**", *best]
    spoken = f"{texts.row(texts.digest_title(), facts)}\n{texts.alt_mix(_sorted(mix))}"
    if earlier is not None:
        spoken += f"\n{texts.alt_beside(texts.week_before(), _sorted(earlier))}"
    told = (facts, bars(mix))
    return Screen(title, tuple(lines), told, texts.digest_rule(), ahead, chart, spoken)


# --- parts ---------------------------------------------------------------------------------------


def _signed(title: str, mood: Mood | None = None) -> str:
    return f"{mood.emoji if mood else '🏆'} {title}"


def _name(names: Names, user_id: int) -> Name:
    return names.get(user_id) or nameless()


def _from(names: Names, song: RankedSong) -> str | None:
    return None if song.user_id is None else _name(names, song.user_id).said


def _song_line(song: RankedSong, guild_id: int, *facts: str | None) -> str:
    url = _url(song, guild_id)
    return texts.row(inline_code(song.title), *facts, texts.jump(url) if url else None)


def _url(song: RankedSong, guild_id: int) -> str | None:
    """Return the address of the message that shows a song, or of the answer."""
    if song.post is not None:
        place = (song.post.channel_id, song.post.message_id)
    elif song.answer_id is not None:
        place = (song.channel_id, song.answer_id)
    else:
        return None
    return "https://discord.com/channels/" + "/".join(map(str, (guild_id, *place)))


def _leader_line(mood: Mood, leader: Standing | None, names: Names, *, plain: bool = False) -> str:
    if leader is None:
        return texts.nobody_line(mood)
    name = _name(names, leader.user_id)
    return texts.leader_line(mood, name.text if plain else name.said, leader.seconds)


def _share(profile: Profile, mood: Mood) -> str:
    return texts.share_of(mood, profile.extremes[mood].shares[mood])


def _ahead(mix: MoodShares) -> Mood:
    return max(MOODS, key=lambda mood: mix[mood])


def _sorted(mix: MoodShares) -> list[tuple[Mood, float]]:
    return sorted(((mood, mix[mood]) for mood in MOODS), key=lambda each: -each[1])


def _mix(week: Week) -> dict[Mood, float]:
    total = sum(week.seconds.values()) or 1
    return {mood: week.seconds[mood] / total for mood in MOODS}


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _in_words(title: str, facts: str, bars_: Sequence[Bar]) -> str:
    rows = (f"{bar.badge}. {bar.name}: {bar.value}" for bar in bars_)
    return "\n".join([texts.row(title, facts), *rows])
