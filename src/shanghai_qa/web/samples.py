"""Questions that the empty page offers, by group and language; a test holds each against the corpus that ships."""

from collections.abc import Mapping, Sequence

SAMPLES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "en": {
        "facts": ("What was SMIC's revenue in 2024?", "How many startups are in Quantum Valley?"),
        "compare": (
            "How much faster is Jiuzhang 3.0 than Jiuzhang 2.0?",
            "Which has more unicorns, Beijing or Shanghai?",
        ),
        "time": (
            "How many unicorns did Shanghai have in 2019 and in 2023?",
            "How large was Shanghai's integrated circuit industry in 2019 and in 2022?",
        ),
        "who": ("Who heads the Shanghai AI Laboratory?", "How large is Zhangjiang AI Island?"),
        "disagree": ("How deep is the Lingang undersea data centre?", "When was MiniMax founded?"),
    },
    "zh": {
        "facts": ("上海2023年研发投入占GDP的比重是多少？", "祖冲之三号有多少个量子比特？"),
        "compare": ("九章三号比九章二号快多少？",),
        "time": ("上海2019年有多少家独角兽企业？", "中芯国际2023年和2024年的营收分别是多少？"),
        "who": ("谁创立了壁仞科技？", "张江人工智能岛有多大？"),
        "disagree": ("临港海底数据中心有多深？", "MiniMax是哪一年成立的？"),
    },
}
