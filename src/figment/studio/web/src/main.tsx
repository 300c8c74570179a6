// The studio's pages. Each has a file of its own in pages/, fetched when it is first looked at.
import { render } from 'preact'
import './style.css'
import { Shell } from './shell'

render(<Shell />, document.getElementById('studio')!)
