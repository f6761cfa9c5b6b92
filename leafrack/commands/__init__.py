"""The commands: `leafrack …` for people and pipelines, and what Pulumi's commands run."""
