"""Records of format 1, which had other names."""

from textrnn.artifacts.format_1 import upgrade_metadata


def test_training_settings_get_their_present_names():
    training = {"shift": 3, "rename": 0.5, "crop": 0.1, "buckets": 4, "teacher_share": 0.7}
    assert upgrade_metadata({"training": {**training, "seed": 1}})["training"] == {
        "stride": 3, "name_augmentation": 0.5, "crop_probability": 0.1, "length_buckets": 4,
        "teacher_weight": 0.7, "seed": 1,
    }  # fmt: skip


def test_the_record_about_teachers_gets_its_present_names():
    record = {"by": ["imdb"], "labelled": 3, "unlabelled": {"texts": 9, "learnt": 7}}
    found = upgrade_metadata({"taught": record, "data": {"texts": 3}})
    assert found == {
        "distillation": {**record, "unlabelled": {"texts": 9, "trained_on": 7}},
        "data": {"texts": 3},
    }


def test_records_without_old_names_stay_as_they_are():
    metadata = {"training": {"seed": 1, "validation": None}, "scores": {"validation": 0.5}}
    assert upgrade_metadata(metadata) == metadata
