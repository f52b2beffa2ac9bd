"""What a plan does to stored values, computed from raw readings and proved by what is stored; pure.

measure: the effects of a plan, and the readings that they are made from; read this first
targets: which channels have stored values that a change may alter, and what these are computed from
forecast: the effect on a simple channel, from its readings
summary_forecast: the effect on summarized values, of a formula or by another interval
proof: whether today's settings give the stored values, in each way in which EnergyCAP may compute
arithmetic: stored values from raw readings, in each of these ways
summaries: values summarized over the intervals of a channel
formula_values: the value of a formula from those of the channels it uses
tallies: stored and planned values counted and added up by day
"""
