"""What a pipeline does with leafrack, in GitHub Actions and GitLab alike: scripts, their reports, and posting them."""
