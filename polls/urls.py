"""Addresses of the live part below `/<edition>/`."""

from django.urls import path

from polls import views

urlpatterns = [
    path("live/", views.live, name="live"),
    path("live/<slug:stage>/", views.stage, name="live_stage"),
    path("live/<slug:stage>/state.json", views.state_json, name="live_state"),
    path("live/<slug:stage>/me.json", views.me_json, name="live_me"),
    path("live/<slug:stage>/stream.json", views.stream_json, name="live_stream"),
    path("live/<slug:stage>/vote/", views.vote, name="live_vote"),
    path("live/<slug:stage>/ask/", views.ask, name="live_ask"),
    path("live/<slug:stage>/support/", views.support, name="live_support"),
    path("live/<slug:stage>/rate/", views.rate, name="live_rate"),
    path("programm/<slug:code>/abstimmungen/", views.session_results, name="session_results"),
    path("technik-check/", views.technik_check, name="technik_check"),
    path("technik-check/state.json", views.technik_check_state, name="technik_check_state"),
    path("anzeige/<str:token>/", views.screen, name="screen"),
    path("anzeige/<str:token>/state.json", views.screen_state, name="screen_state"),
    path("orga/anzeigen/", views.screens, name="screens"),
    path("orga/anzeigen/<int:number>/erneuern/", views.renew_screen, name="screen_renew"),
    path("orga/anzeigen/<int:number>/beenden/", views.end_screen, name="screen_end"),
    path("orga/buehnenzugaenge/", views.stage_links, name="stage_links"),
    path("orga/buehnenzugaenge/<int:number>/beenden/", views.end_stage_link, name="stage_link_end"),
    path("orga/generalprobe/", views.rehearsal, name="rehearsal"),
    path("regie/", views.regie, name="regie"),
    path("regie/<slug:stage>/", views.regie_stage, name="regie_stage"),
    path("regie/<slug:stage>/ablauf.<str:ending>", views.run_sheet_file, name="regie_run_sheet"),
    path("regie/<slug:stage>/abstimmungen/", views.preparing, name="preparing"),
    path(
        "regie/<slug:stage>/abstimmungen/ergebnisse.<str:ending>",
        views.results_file,
        name="results_file",
    ),
    path("regie/<slug:stage>/abstimmungen/<int:poll>/", views.edit_poll, name="edit_poll"),
    path(
        "regie/<slug:stage>/abstimmungen/<int:poll>/namen.<str:ending>",
        views.names_file,
        name="names_file",
    ),
    path("regie/<slug:stage>/abstimmungen/<int:poll>/kopie/", views.copy_poll, name="copy_poll"),
    path("moderation/", views.moderation, name="moderation"),
    path("moderation/<slug:stage>/", views.moderation_stage, name="moderation_stage"),
    path("moderation/<slug:stage>/tablet/", views.moderation_tablet, name="moderation_tablet"),
    path("moderation/<slug:stage>/fragen/", views.take_questions, name="moderation_questions"),
    path("moderation/<slug:stage>/fragen/verbinden/", views.join_questions, name="moderation_join"),
    path(
        "moderation/<slug:stage>/frage/<int:question>/<slug:verb>/",
        views.act_on_question,
        name="moderation_question",
    ),
    path(
        "moderation/<slug:stage>/<int:poll>/woerter/", views.act_on_words, name="moderation_words"
    ),
    path("moderation/<slug:stage>/<int:poll>/<slug:verb>/", views.act, name="moderation_act"),
]
