"""How a leak reads."""

from gorae.cli.image.leaks import ending, told


def test_a_file_that_a_later_layer_deletes():
    leak = {
        "Place": "layer",
        "What": "an npm token",
        "Excerpt": "npm_****",
        "Path": "/root/.npmrc",
        "Line": 2,
        "Layer": 3,
        "CreatedBy": "RUN npm\tci",
        "Hidden": {"Layer": 4, "How": "deleted", "CreatedBy": "RUN rm /root/.npmrc"},
    }
    assert told(leak) == [
        "layer 3  /root/.npmrc:2: an npm token (npm_****)",
        "    made by  RUN npm ci",
        "    deleted in layer 4 by RUN rm /root/.npmrc; the file is still in the image",
    ]


def test_settings():
    for leak, head in (
        ({"Place": "env", "Path": "A_TOKEN"}, "ENV A_TOKEN: x (y)"),
        ({"Place": "label", "Path": "a.b"}, "label a.b: x (y)"),
        ({"Place": "history"}, "history: x (y)"),
        ({"Place": "history", "Layer": 2}, "history of layer 2: x (y)"),
        ({"Place": "layer", "Layer": 1, "Path": "/big"}, "layer 1  /big: x (y)"),
    ):
        assert told({"What": "x", "Excerpt": "y", **leak}) == [head]


def test_the_last_line():
    sizes = {"Files": 12, "Size": 1200}
    assert ending({"Leaks": 0, "Layers": 1, **sizes}) == "nothing found in 1 layer, 12 files, 1.2kB"
    assert ending({"Leaks": 1, "Layers": 2, **sizes}).startswith("1 leak found in 2 layers")
    assert ending({"Leaks": 2, "Layers": 2, **sizes}).startswith("2 leaks found")
