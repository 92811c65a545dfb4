"""Doors of the live part over HTTP: pages of stages, the twin of the socket, the moderators' console."""

from polls.views.check import technik_check, technik_check_state
from polls.views.moderation import (
    act,
    act_on_question,
    act_on_words,
    join_questions,
    moderation,
    moderation_stage,
    moderation_tablet,
    take_questions,
)
from polls.views.preparing import copy_poll, edit_poll, preparing
from polls.views.regie import regie, regie_stage, run_sheet_file
from polls.views.rehearsal import rehearsal
from polls.views.results import names_file, results_file, session_results
from polls.views.screens import end_screen, renew_screen, screen, screen_state, screens
from polls.views.stage_links import end_stage_link, stage_links
from polls.views.stages import live, stage, stream_json
from polls.views.twin import ask, me_json, rate, state_json, support, vote

__all__ = [
    "act",
    "act_on_question",
    "act_on_words",
    "ask",
    "copy_poll",
    "edit_poll",
    "end_screen",
    "end_stage_link",
    "join_questions",
    "live",
    "me_json",
    "moderation",
    "moderation_stage",
    "moderation_tablet",
    "names_file",
    "preparing",
    "rate",
    "regie",
    "regie_stage",
    "rehearsal",
    "renew_screen",
    "results_file",
    "run_sheet_file",
    "screen",
    "screen_state",
    "screens",
    "session_results",
    "stage",
    "stage_links",
    "state_json",
    "stream_json",
    "support",
    "take_questions",
    "technik_check",
    "technik_check_state",
    "vote",
]
