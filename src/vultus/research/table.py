"""The 45 methods: number, name, task and what they need. Data only; `run.load` finds the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["built", "planned"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One method.

    Attributes:
        number: of its card, 1 to 45.
        name: of its file and on the command line.
        task: folder below `research/methods`.
        title: for people.
        needs: what must be there besides `vultus[research]`; "hub" stands for pretrained weights of a model hub.
        status: "built", or "planned": then there is no file yet.
    """

    number: int
    name: str
    task: str
    title: str
    needs: str = ""
    status: Status = "planned"


METHODS = (
    Entry(1, "ssm", "expression", "Structured semantic mapping of action units and expressions (SSM)", needs="hub"),
    Entry(
        2,
        "pcgan",
        "spoofing",
        "Pattern conversion GAN for anti-spoofing with partial attacks (PCGAN)",
        status="built",
    ),
    Entry(3, "actfer", "expression", "Agentic expression recognition with UC-GRPO (ActFER)", needs="hub"),
    Entry(
        4,
        "eeg_moce",
        "emotion",
        "Mixture-of-curvature experts for EEG-based learning (EEG-MoCE)",
        status="built",
    ),
    Entry(5, "event_face", "identity", "Face recognition from event cameras (EventFace)", needs="hub"),
    Entry(6, "affine_alignment", "identity", "Affine alignment between face embedding spaces", status="built"),
    Entry(7, "caupsi", "behavior", "Causal multi-task learning for driver assistance (CauPsi)"),
    Entry(8, "subgroup_audit", "fairness", "Audit of error rates by subgroup", status="built"),
    Entry(9, "emodc", "expression", "Diffusion classifier with adaptive margin for expressions (EmoDC)", needs="hub"),
    Entry(10, "point_cloud", "expression", "Expressions from 3-D facial point clouds (HFWS, AffectNet3D)"),
    Entry(
        11,
        "vlm_probe",
        "video_expression",
        "Long-tail probe of vision-language models",
        needs="hub",
    ),
    Entry(12, "argen", "video_expression", "Affect-reinforced generative augmentation (ARGen)", needs="hub"),
    Entry(13, "duse", "video_expression", "Dual-stream semantic enhancement for video expressions (DuSE)", needs="hub"),
    Entry(14, "id_eraser", "privacy", "Defence against face swapping in feature space (ID-Eraser)", needs="hub"),
    Entry(15, "sedtalker", "synthesis", "Speech emotion diarization drives talking heads (SEDTalker)", needs="hub"),
    Entry(16, "adatosk", "video_expression", "Supervised temporal soft-masked autoencoder (AdaTosk)"),
    Entry(17, "mmme", "micro_expression", "Micro-expressions with synchronised physiological signals (MMME)"),
    Entry(18, "fa3_clip", "spoofing", "Frequency-aware prompts for unified attack detection (FA3-CLIP)", needs="hub"),
    Entry(19, "deemo", "emotion", "De-identified multimodal emotion recognition (DEEMO)", needs="hub"),
    Entry(20, "bias_propagation", "fairness", "How bias propagates from data to expression models"),
    Entry(21, "fedn", "micro_expression", "End-to-end expression detection in long videos (FEDN)"),
    Entry(22, "bah", "behavior", "Ambivalence and hesitancy in question-answer videos (BAH)", needs="hub"),
    Entry(23, "instaface", "synthesis", "Editing one picture without losing who it is (InstaFace)", needs="hub"),
    Entry(24, "encrypted_search", "privacy", "Search on encrypted faces by additively homomorphic encryption"),
    Entry(25, "physiosync", "emotion", "Temporal and cross-modal contrastive EEG pre-training (PhysioSync)"),
    Entry(
        26,
        "thermal_to_visible",
        "identity",
        "Thermal to visible faces by latent diffusion",
        needs="hub",
    ),
    Entry(27, "omnimer", "emotion", "Auxiliary-task adaptation of an omni language model (OmniMER)", needs="hub"),
    Entry(28, "radar_face", "identity", "Radar face authentication with out-of-distribution detection (FOODER)"),
    Entry(29, "emert", "emotion", "Emotion recognition aided by eye behaviour (EMERT)"),
    Entry(30, "vr_study", "synthesis", "Evaluation of emotional 3-D animation in virtual reality"),
    Entry(31, "template_inversion", "privacy", "Face template inversion with CLIP attributes (CLIP-FTI)", needs="hub"),
    Entry(32, "ejsl", "emotion", "Emotion recognition in signers (eJSL)", needs="hub"),
    Entry(
        33,
        "continual_bgmm",
        "expression",
        "Continual expression recognition by Bayesian Gaussian mixtures",
        status="built",
    ),
    Entry(34, "virtual_camera", "spoofing", "Virtual camera detection from session metadata (VCD)"),
    Entry(
        35,
        "cs3d",
        "video_expression",
        "Spiking decomposed 3-D convolutions for event cameras (CS3D)",
        status="built",
    ),
    Entry(36, "rpr", "behavior", "Personality from simulated personalised cognition (RPR)"),
    Entry(
        37,
        "faceshield",
        "spoofing",
        "Anti-spoofing that explains itself (FaceShield)",
        needs="hub",
    ),
    Entry(38, "mol", "micro_expression", "Joint micro-expressions, optical flow and landmarks (MOL)"),
    Entry(
        39,
        "attribute_geometry",
        "identity",
        "Geometry of embeddings under interpretable attributes",
        status="built",
    ),
    Entry(
        40,
        "boosting_vrme",
        "micro_expression",
        "Prior-guided video-level regression for spotting (BoostingVRME)",
        status="built",
    ),
    Entry(41, "mmda", "spoofing", "Multimodal denoising and alignment for anti-spoofing (MMDA)", needs="hub"),
    Entry(42, "sfft", "synthesis", "Blind face restoration in adverse weather (SFFT, DAFE)"),
    Entry(43, "tripse", "expression", "Triplet attention with squeeze-and-excitation (TripSE)", status="built"),
    Entry(44, "open_engagement", "behavior", "Engagement of older adults in group rehabilitation (OPEN)"),
    Entry(45, "stylized_character", "synthesis", "Emotion transfer to stylised 3-D characters"),
)
