/** The picture that browsers show beside a page's title. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#2457c5"/><path d="M3 13V9h2v4zm4 0V4h2v9zm4 0V7h2v6z" fill="#fff"/></svg>`;
