"""Which data set, through which backbone: what the page's questions are about."""

import streamlit as st

from explorer import jobs
from explorer.app.asking import again
from explorer.arriving.view.choosing import labels_of
from explorer.looks.data.question.census import CensusQuestion, TrainingPicturesQuestion
from explorer.looks.data.question.faults import FaultsQuestion, PlainFaultsQuestion
from explorer.looks.data.question.labels import LabelIssuesQuestion
from explorer.question import Question
from explorer.recipe import Recipe, make
from explorer.training.view.forms import pick_backbone, pick_dataset, pick_weights


def pick_set() -> Recipe | None:
    """The data set and the backbone that looks at it, as a recipe without edits; None where a folder is still to be named."""
    left, right = st.columns(2, gap="large")
    with left:
        data, folder = pick_dataset()
    with right:
        row = pick_backbone()
        weights = pick_weights(row)
    if data.name == "folder" and not folder:
        st.info(
            "Type the path of your folder: one sub-folder per class, pictures inside. Then this page shows what is in it "
            "before anything learns from it.",
            icon=":material/folder_open:",
        )
        return None
    return make(
        backbone=row.name, weights=weights, dataset=data.name, data_dir=folder, labels=labels_of(), per_class=None
    )


def offer_again(recipe: Recipe) -> None:
    """A button that reads a folder again, since its files may have changed."""
    if recipe.data_dir and st.button(
        "Read the folder again", icon=":material/refresh:", key="data_again", help="After you changed files in it."
    ):
        questions: list[Question] = [CensusQuestion(recipe=recipe), LabelIssuesQuestion(recipe=recipe)]
        as_it_is = recipe.model_copy(update={"edits": ""})
        questions += [FaultsQuestion(recipe=as_it_is), PlainFaultsQuestion(recipe=as_it_is)]
        questions.append(asked_pictures(recipe))
        for question in questions:
            if jobs.status(question) is not None:
                again(question)
        st.rerun()


def asked_pictures(recipe: Recipe) -> TrainingPicturesQuestion:
    """The training pictures that the controls of the page ask for."""
    return TrainingPicturesQuestion(
        recipe=recipe.model_copy(
            update={"augmentation": st.session_state.get("data_augmentation") or "crop", "views": 4}
        ),
        kind=st.session_state.get("data_kind") or "",
        first=int(st.session_state.get("data_first", 0)),
    )
