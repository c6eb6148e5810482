"""Biometric measures as pure numpy functions: verification, identification, detection and bootstrap intervals.

Names and conventions follow ISO/IEC 19795-1: a comparison matches when its score is at or above the threshold, and a
comparison that could not be made (failure to acquire) has the score minus infinity, so it stays in the denominator.
"""
