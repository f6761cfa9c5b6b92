"""What a pipeline of GitHub or GitLab does with a fabric: scripts, their reports, and posting them.

``.github/workflows`` and ``.gitlab-ci.yml`` call the scripts here. ``.ci/run`` tests leafrack itself.
"""
