"""The Generalprobe: simulated viewers on a stage of the running servers, figures, a verdict, nothing left behind.

viewers  simulated viewers: the live protocol by socket and by its HTTP twin; no Django
crowd    many of them in one process: connecting, voting, what they saw
figures  percentiles, and how long a vote took to reach everybody
servers  processor time and memory of the serving processes
people   rehearsal people in the database, and their removal
running  one rehearsal from beginning to end
verdict  the figures in a sentence
"""
