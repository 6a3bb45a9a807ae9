"""Whether it holds for as long as one likes: `make endurance MINUTES=n` kills, races and crowds it.

world     an installation of two processes on one embedded database, with a content repository
walkers   learners who walk without an end, and know where they must be
kills     a process dies with -9, over and over, while learners walk and an author commits
races     equal calls at once over both processes; requests for what is another organization's
places    a sync dies before each of its statements; any history of commits; a disk that is full
crowd     10,000 idle connections and 50 slow posters beside a learner
"""
