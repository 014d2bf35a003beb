// Package plans is the relationship plans of a company: what each customer wants to reach
// and what that means for the customer's own customers, what the company contributes, and
// by what strategy it keeps in touch. A plan counts only when it is complete, is handed
// over with all that is due, and can be begun from a template for many accounts at once.
package plans
