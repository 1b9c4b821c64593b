/**
 * Owns budgets: their definition, the evaluation of their thresholds, and the messages about transitions.
 *
 * <p>May touch: usage for exact figures, forecast, series for periods, webhook for messages, access, database, web, platform.
 *
 * <p>Invariants: a transition is stored once and has one id for ever; it and its messages are stored in one transaction; a period
 * with usage that has no price is incomplete, and no threshold recovers in it; so is a budget whose user was erased. Users are stored by their true id and
 * shown as the organisation shows them.
 *
 * <p>On failure: a budget that could not be evaluated keeps its state and is tried again in the next round; a message is tried for a
 * day and then counts as failed, in the budget, the log and a metric.
 *
 * <p>Tables: owns budget_deliveries, budget_transitions, budgets; reads freshness_status (freshness), model_prices (price), models,
 * user_privacy (usage).
 */
package io.inference.analytics.budget;
