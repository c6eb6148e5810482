"""The fairness audit (system 8): what one aggregate accuracy hides, from any system's scores and group labels.

Alsayed, "Why Aggregate Accuracy is Inadequate for Evaluating Fairness in Law Enforcement Facial Recognition Systems",
arXiv 2603.28675, in the terms of ISO/IEC 19795-10.
"""
