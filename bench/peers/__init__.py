# SPDX-License-Identifier: MIT
"""Other supervisors and loggers of Debian 12, measured beside ours with the same programs in the same run."""
