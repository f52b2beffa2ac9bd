"""The workflows, the action and the pipeline that users copy, run step by step on small stand-ins for the runners."""
