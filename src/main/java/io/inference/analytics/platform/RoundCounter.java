package io.inference.analytics.platform;

import jakarta.annotation.Priority;
import jakarta.interceptor.AroundInvoke;
import jakarta.interceptor.Interceptor;
import jakarta.interceptor.InvocationContext;

/** Counts for {@link JobsEnd} which rounds are at work. */
@EndsBeforeStop
@Interceptor
@Priority(Interceptor.Priority.APPLICATION)
class RoundCounter {

    private final JobsEnd jobs;

    RoundCounter(JobsEnd jobs) {
        this.jobs = jobs;
    }

    @AroundInvoke
    Object count(InvocationContext round) throws Exception {
        jobs.begin();
        try {
            return round.proceed();
        } finally {
            jobs.end();
        }
    }
}
